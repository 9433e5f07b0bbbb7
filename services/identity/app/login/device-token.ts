import { createHash } from 'node:crypto';
import type { DocumentReader } from '#libs/decider/documents.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { factorPolicy } from '#services/identity/domain/factor/policy.js';
import { factorsOf, passwords } from '#services/identity/domain/password/state.js';

const dayMs = 86_400_000;
/** A device that was not used for so long is a stranger again. */
const knownDays = 400;

interface DeviceTicket {
  readonly device: string;
  readonly tenant: string;
  readonly principal: string;
  /** Until then it stands for the second factor; 0: it does not. */
  readonly rememberedUntilMs: number;
  /** Of the account's password and factors as they were. */
  readonly fingerprint: string;
}

/** A device that has logged in to the account before. */
export interface KnownDevice {
  readonly device: string;
  /** Its owner was not to be asked again, and nothing about password and factors has changed since. */
  readonly remembered: boolean;
}

/**
 * A sealed note to a device that has logged in. It is worth nothing without the password. Guesses of
 * strangers are counted apart from those of known devices, so they cannot shut the owner out; and
 * where the tenant allows it and the owner wished it, it stands for the second factor.
 */
export function sealDevice(
  parts: IdentityParts,
  account: { readonly tenant: string; readonly principal: string },
  remember: boolean,
  device: string = parts.ids.opaque(),
): string {
  const { tenant, principal } = account;
  const view = documentsOf(parts.ledger.state);
  const nowMs = parts.clock.wallMs();
  const days = remember ? factorPolicy(view, tenant).rememberDevicesDays : 0;
  const ticket: DeviceTicket = {
    device,
    tenant,
    principal,
    rememberedUntilMs: days === 0 ? 0 : nowMs + days * dayMs,
    fingerprint: fingerprintOf(view, tenant, principal),
  };
  return parts.proofs.tickets.seal('known device', ticket, nowMs + knownDays * dayMs);
}

/** The device, if the token is one of this account. */
export function knownDevice(
  parts: IdentityParts,
  account: { readonly tenant: string; readonly principal: string },
  token: string,
): KnownDevice | undefined {
  const nowMs = parts.clock.wallMs();
  const opened = token === '' ? undefined : parts.proofs.tickets.open('known device', token, nowMs);
  if (opened === undefined) return undefined;
  const ticket = opened.content as DeviceTicket;
  const { tenant, principal } = account;
  if (ticket.tenant !== tenant || ticket.principal !== principal) return undefined;
  const view = documentsOf(parts.ledger.state);
  const remembered =
    ticket.rememberedUntilMs > nowMs &&
    factorPolicy(view, tenant).rememberDevicesDays > 0 &&
    ticket.fingerprint === fingerprintOf(view, tenant, principal);
  return { device: ticket.device, remembered };
}

/** Changes with every change of password or factors. */
function fingerprintOf(view: DocumentReader, tenant: string, principal: string): string {
  const version = passwords.read(view, tenant, principal)?.version ?? 0;
  const factors = factorsOf.read(view, tenant, principal)?.credentials ?? [];
  return createHash('sha256')
    .update(JSON.stringify([version, factors]))
    .digest('base64url');
}
