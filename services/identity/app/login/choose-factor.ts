import { Failure } from '#libs/errors/failure.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { activeFactors } from '#services/identity/app/login/account-factors.js';
import type { Asked } from '#services/identity/app/login/login-ticket.js';
import { sendCode } from '#services/identity/app/login/send-code.js';
import type { Factor } from '#services/identity/domain/factor/state.js';

const NONCE_BYTES = 32;

export interface FactorMadeReady {
  readonly asked: Asked;
  /** Of a passkey: options of `navigator.credentials.get`, as JSON. */
  readonly passkeyOptions: string;
}

/**
 * Makes one factor of an account ready: sends a code, or asks a passkey. Rejects NOT_FOUND, and
 * TOO_MANY_REQUESTS when too many codes were sent.
 */
export async function makeReady(
  parts: IdentityParts,
  account: {
    readonly tenant: string;
    readonly principal: string;
    readonly device?: string | undefined;
  },
  credential: string,
): Promise<FactorMadeReady> {
  const { tenant, principal } = account;
  const held = activeFactors(documentsOf(parts.ledger.state), tenant, principal);
  const factor = held.find((one) => one.credential === credential);
  if (factor === undefined) throw new Failure('NOT_FOUND', 'no such factor');
  const { facts } = factor;
  switch (facts.kind) {
    case 'TOTP':
      return { asked: { credential }, passkeyOptions: '' };
    case 'PASSKEY':
      return askPasskey(parts, factor, 'preferred');
    case 'SMS':
    case 'EMAIL': {
      const challenge = await sendCode(parts, account, { credential, facts });
      return { asked: { credential, challenge }, passkeyOptions: '' };
    }
  }
}

async function askPasskey(
  parts: IdentityParts,
  { credential, facts }: Factor,
  userVerification: 'required' | 'preferred',
): Promise<FactorMadeReady> {
  const nonce = newNonce(parts);
  const allow = facts.kind === 'PASSKEY' ? [facts] : [];
  const { passkeys } = parts.proofs;
  const passkeyOptions = await passkeys.requestOptions(nonce, allow, userVerification);
  const asked = { credential, nonce: Buffer.from(nonce).toString('base64url') };
  return { asked, passkeyOptions };
}

/** What a passkey must sign: ours, and good for one answer (CVE-2026-28787). */
export function newNonce(parts: IdentityParts): Uint8Array {
  return Buffer.from(parts.random.bytes(NONCE_BYTES));
}
