import {
  execute,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { openEnrolment, sealEnrolment } from '#services/identity/app/factors/enrolment-ticket.js';
import type { FactorOwner } from '#services/identity/app/factors/factor-owner.js';
import { factorRejected } from '#services/identity/app/login/check-factor.js';
import { accountNameOf } from '#services/identity/app/login/account-name.js';
import { tenantNameOf } from '#services/identity/app/login/send-code.js';
import { sealing } from '#services/identity/app/sealing.js';
import type { TotpForm } from '#services/identity/ports/totp.js';

interface TotpTicket {
  readonly seed: string;
  readonly form: TotpForm;
}

export interface TotpOffer {
  readonly ticket: string;
  readonly uri: string;
  /** The seed in Base32. */
  readonly typed: string;
  readonly svg: string;
}

/** A new seed, shown to its owner and to nobody else: it is in the sealed ticket until it is proved. */
export async function startTotp(
  parts: IdentityParts,
  owner: FactorOwner,
  form: TotpForm,
): Promise<TotpOffer> {
  const { totp } = parts.proofs;
  const seed = totp.newSeed();
  const issuer = tenantNameOf(parts, owner.tenant);
  const account = await accountNameOf(parts, owner);
  const invitation = totp.invitation(seed, form, { issuer, account });
  const content: TotpTicket = { seed: Buffer.from(seed).toString('base64url'), form };
  const ticket = sealEnrolment(parts, owner, 'TOTP', content);
  return { ticket, ...invitation, svg: await totp.picture(invitation) };
}

/** The code proves that the app has the seed; its time step is used up. Rejects CREDENTIALS_REJECTED. */
export async function confirmTotp(
  parts: IdentityParts,
  owner: FactorOwner,
  given: { readonly ticket: string; readonly code: string; readonly name: string },
): Promise<Executed> {
  const { id, rest } = openEnrolment<TotpTicket>(parts, owner, 'TOTP', given.ticket);
  const seed = Buffer.from(rest.seed, 'base64url');
  const { totp } = parts.proofs;
  const step = totp.stepOf(seed, rest.form, given.code, parts.clock.wallMs());
  if (step === undefined) throw factorRejected();
  const { tenant, principal } = owner;
  return sealing(parts, async (sealed) => {
    const ref = await sealed.secrets.seal(seed, { class: 'SECRET', tenant, principal });
    return execute(sealed, owner.call('authenticator app'), {
      type: 'EnrolTotp',
      principal,
      credential: parts.ids.uuid(),
      name: given.name,
      challenge: id,
      seed: ref,
      ...rest.form,
      firstStep: step,
    });
  });
}
