import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DomainEvent, VaultRef } from '#libs/events/catalogue.js';
import { decodeCommandPayload } from '#libs/events/codec.js';
import { systemTenant } from '#libs/events/envelope.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { decodeRecord } from '#libs/ledger/record.js';
import { systemClock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { MasterKeys } from '#libs/runtime/master-keys.js';
import { Secret } from '#libs/runtime/secret.js';
import { SealedVault } from '#services/identity/adapters/sealed-vault.js';
import type { SealContext } from '#services/identity/ports/secret-store.js';
import type { Pair } from '../ledgate/running-pair.js';
import type { SecretItem } from './search.js';

/** Every record of the ledger, as its bytes. */
export async function recordsOf(log: EventLog): Promise<Uint8Array[]> {
  const values: Uint8Array[] = [];
  const end = await log.end();
  for (let position = 0; position < end; position++) {
    const record = await log.read(position);
    if (record?.value) values.push(record.value);
  }
  return values;
}

export interface SealedSecrets {
  /** Password hashes, keys of indexes, private keys and all that is derived from them. */
  readonly secrets: readonly SecretItem[];
  /** Login names and profiles of tenants as they lie in the vault (`authorizer` is no person). */
  readonly personal: readonly SecretItem[];
  /** SHA-256 of API keys: the ledger needs them, nobody else does. */
  readonly apiKeyHashes: readonly SecretItem[];
}

type Opened = Pick<Pair, 'vault' | 'dataDir'>;

/** The vault of a data folder, opened with the master key that lies there. */
export function vaultOf(pair: Opened): { vault: SealedVault; masterKeys: MasterKeys } {
  const masterKeys = MasterKeys.parse(new Secret(keyText(pair, 'master.key')));
  const ids = createIds(systemClock, systemRandom);
  return { vault: new SealedVault(pair.vault, masterKeys, ids), masterKeys };
}

function keyText({ dataDir }: Opened, name: string): string {
  return readFileSync(join(dataDir, 'keys', name), 'utf8').trim();
}

/** Every event of the ledger, with its tenant. */
export async function eventsOf(log: EventLog): Promise<{ tenant: string; event: DomainEvent }[]> {
  return (await recordsOf(log)).flatMap(eventsIn);
}

export const signingKeyContext = {
  class: 'SIGNING_KEY',
  tenant: systemTenant,
  principal: '',
} as const;

/** Opens everything that the ledger names in the vault. */
export async function sealedSecrets(pair: Pair): Promise<SealedSecrets> {
  const { vault, masterKeys } = vaultOf(pair);
  const found = { secrets: [] as SecretItem[], personal: [] as SecretItem[] };
  const apiKeyHashes: SecretItem[] = [];
  for (const { tenant, event } of await eventsOf(pair.log)) {
    if (event.type === 'ApiKeyCreated') {
      apiKeyHashes.push({ name: 'API key', bytes: Buffer.from(event.sha256, 'base64url') });
    }
    for (const [ref, context] of refsOf(tenant, event)) {
      const bytes = Buffer.from((await vault.open(ref, context)) ?? []);
      const list = context.class === 'PROFILE' ? found.personal : found.secrets;
      list.push(...parts(context, bytes));
    }
  }
  for (const name of ['master.key', 'ledger.key']) {
    found.secrets.push({ name, bytes: Buffer.from(keyText(pair, name), 'hex') });
  }
  for (const purpose of ['audit signature', 'page tokens', 'request digests']) {
    found.secrets.push({ name: purpose, bytes: Buffer.from(masterKeys.derive(purpose)) });
  }
  return { ...found, apiKeyHashes };
}

function eventsIn(value: Uint8Array): { tenant: string; event: DomainEvent }[] {
  const record = decodeRecord(value);
  if (typeof record === 'string') return [];
  const decoded = decodeCommandPayload(record.payload);
  if (!decoded.ok) return [];
  const { tenant, events } = decoded.value;
  return events.flatMap((stored) => (stored.known ? [{ tenant, event: stored.event }] : []));
}

type Sealed = readonly [VaultRef, SealContext];

function refsOf(tenant: string, event: DomainEvent): Sealed[] {
  const own = (principal: string): SealContext => ({ class: 'PROFILE', tenant, principal });
  if (event.type === 'TenantCreated') {
    return [[event.blindIndexKey, { class: 'SECRET', tenant, principal: '' }]];
  }
  if (event.type === 'SigningKeyPublished') {
    return [[event.privateKey, signingKeyContext]];
  }
  if (event.type === 'PasswordSet' || event.type === 'PasswordRehashed') {
    return [[event.hash, { class: 'SECRET', tenant, principal: event.principal }]];
  }
  if (event.type === 'UpstreamProviderSet') {
    return known([event.clientSecret], { class: 'SECRET', tenant, principal: '' });
  }
  if (event.type === 'LoginNameAdded') return [[event.loginName.value, own(event.principal)]];
  if (event.type === 'ProfileChanged') return known([event.profile], own(event.principal));
  if (event.type !== 'PrincipalRegistered') return [];
  const { profile, loginNames, principal } = event;
  return known([profile, ...loginNames.map((name) => name.value)], own(principal));
}

function known(refs: readonly (VaultRef | undefined)[], context: SealContext): Sealed[] {
  return refs.flatMap((ref) => (ref === undefined ? [] : [[ref, context] as const]));
}

/** A sealed thing and whatever in it is a secret of its own. */
function parts(context: SealContext, bytes: Buffer): SecretItem[] {
  const name = `${context.class} of ${context.principal || context.tenant}`;
  const whole = { name, bytes };
  if (context.class === 'PROFILE') return context.tenant === systemTenant ? [] : [whole];
  if (context.class === 'SIGNING_KEY') {
    const key = createPrivateKey(bytes);
    const { d, p, q } = key.export({ format: 'jwk' });
    const numbers = [d, p, q].filter((part) => part !== undefined);
    return [
      whole,
      { name: 'PKCS #8', bytes: key.export({ type: 'pkcs8', format: 'der' }) },
      ...numbers.map((part) => ({ name: 'private key', bytes: Buffer.from(part, 'base64url') })),
    ];
  }
  const phc = bytes.toString('utf8').split('$');
  if (phc[1] !== 'argon2id') return [whole];
  const [salt = '', hash = ''] = phc.slice(-2);
  return [
    whole,
    { name: 'salt', bytes: Buffer.from(salt, 'base64') },
    { name: 'hash', bytes: Buffer.from(hash, 'base64') },
  ];
}
