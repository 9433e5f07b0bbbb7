import { Failure } from '#libs/errors/failure.js';
import type { VaultRef } from '#libs/events/catalogue.js';
import { keyPrefix } from '#libs/events/keys.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import {
  execute,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { sealing } from '#services/identity/app/sealing.js';
import type { SetUpstreamProvider } from '#services/identity/domain/upstream/commands.js';
import { upstreams, type UpstreamDocument } from '#services/identity/domain/upstream/state.js';

/** Providers that a login page offers. */
const mostOffered = 20;

/** A provider with the name that its tenant gave it. */
export interface Upstream extends UpstreamDocument {
  readonly tenant: string;
  readonly provider: string;
}

/** Seals the secret, then sets the provider. `secret` `''`: as it was. */
export function setUpstream(
  parts: IdentityParts,
  call: CommandCall,
  given: Omit<SetUpstreamProvider, 'type' | 'clientSecret'>,
  secret: string,
): Promise<Executed> {
  return sealing(parts, async (sealed) => {
    const clientSecret = await sealSecret(sealed, call.tenant, secret);
    return execute(sealed, call, { type: 'SetUpstreamProvider', ...given, clientSecret });
  });
}

async function sealSecret(
  parts: IdentityParts,
  tenant: string,
  secret: string,
): Promise<VaultRef | undefined> {
  if (secret === '') return undefined;
  const context = { class: 'SECRET', tenant, principal: '' } as const;
  return parts.secrets.seal(Buffer.from(secret, 'utf8'), context);
}

/** A provider that is there and enabled. */
export function enabledUpstream(
  parts: Pick<IdentityParts, 'ledger'>,
  tenant: string,
  provider: string,
): Upstream | undefined {
  const found = upstreams.read(documentsOf(parts.ledger.state), tenant, provider);
  return found?.enabled === true ? { tenant, provider, ...found } : undefined;
}

/** The providers that the login page of a tenant offers, by name. */
export function offeredUpstreams(
  { ledger }: Pick<IdentityParts, 'ledger'>,
  tenant: string,
): readonly Upstream[] {
  const all = keyPrefix(tenant, 'upstream');
  const offered: Upstream[] = [];
  for (const [text, document] of ledger.state.scan(all)) {
    const found = document as UpstreamDocument;
    if (found.enabled) offered.push({ tenant, provider: text.slice(all.length), ...found });
    if (offered.length === mostOffered) break;
  }
  return offered;
}

/** The secret of our client at a provider; `undefined`: it has none. */
export async function upstreamSecret(
  parts: Pick<IdentityParts, 'secrets'>,
  { tenant, clientSecret }: Upstream,
): Promise<string | undefined> {
  if (clientSecret === undefined) return undefined;
  const context = { class: 'SECRET', tenant, principal: '' } as const;
  const bytes = await parts.secrets.open(clientSecret, context);
  return bytes && Buffer.from(bytes).toString('utf8');
}

/** Operators hear what people at the login page are not told: why a provider cannot be used. */
export async function atProvider<T>(
  { log }: Pick<IdentityParts, 'log'>,
  { tenant, provider }: Upstream,
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof Failure && error.reason === 'NOT_READY') {
      log.warn({ err: error, tenant, provider }, 'a provider that people log in at cannot be used');
    }
    throw error;
  }
}
