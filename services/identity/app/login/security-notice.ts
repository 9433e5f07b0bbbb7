import { documentsOf } from '#services/identity/app/accounts.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { languageOf } from '#services/identity/app/login/account-language.js';
import { tenantNameOf } from '#services/identity/app/login/send-code.js';
import { loginNames, loginNamesOf } from '#services/identity/domain/login-name/state.js';
import { tenantSettings } from '#services/identity/domain/tenant/state.js';
import type { SecurityNotice } from '#services/identity/ports/delivery.js';

interface Account {
  readonly tenant: string;
  readonly principal: string;
}

/** Tells the owner of an account, by every mail address of it, what happened. Waits for nothing. */
export function noticeTo(parts: IdentityParts, account: Account, notice: SecurityNotice): void {
  if (!parts.delivery.mail.available) return;
  void send(parts, account, notice).catch((error: unknown) =>
    parts.log.warn({ err: error }, 'the owner of an account could not be told of a change'),
  );
}

async function send(parts: IdentityParts, account: Account, notice: SecurityNotice): Promise<void> {
  const { tenant } = account;
  const language = await languageOf(parts, account);
  const atMs = Math.trunc(parts.clock.wallMs());
  const content = { kind: 'SECURITY_NOTICE', notice, atMs } as const;
  const tenantName = tenantNameOf(parts, tenant);
  for (const to of await mailAddresses(parts, account)) {
    parts.delivery.mail.send({ tenant, tenantName, to, language, content });
  }
}

/**
 * The mail addresses that the account logs in with. One that nobody has verified may be mistyped, and
 * somebody else's: it counts only where the tenant says so.
 */
export async function mailAddresses(
  parts: IdentityParts,
  { tenant, principal }: Account,
): Promise<readonly string[]> {
  const view = documentsOf(parts.ledger.state);
  const indexes = loginNamesOf.read(view, tenant, principal)?.blindIndexes ?? [];
  const names = indexes.flatMap((index) => loginNames.read(view, tenant, index) ?? []);
  const unverifiedToo = tenantSettings.read(view, tenant, tenant)?.mailUnverified === true;
  const context = { class: 'PROFILE', tenant, principal } as const;
  const opened = await Promise.all(
    names
      .filter(({ kind, verified }) => kind === 'EMAIL' && (verified || unverifiedToo))
      .map(({ value }) => parts.secrets.open(value, context)),
  );
  return opened.flatMap((bytes) => (bytes ? [Buffer.from(bytes).toString('utf8')] : []));
}
