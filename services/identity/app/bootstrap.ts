import { genesisCodec } from '#libs/events/control-codec.js';
import { Failure } from '#libs/errors/failure.js';
import type { VaultRef } from '#libs/events/catalogue.js';
import { systemTenant } from '#libs/events/envelope.js';
import { newestLevel } from '#libs/events/feature-levels.js';
import { genesisKey, hashOf } from '#libs/events/keys.js';
import { foundingMacKeyId } from '#libs/ledger/announcements.js';
import { auditPublicKey } from '#libs/ledger/audit-key.js';
import { RecordKind } from '#libs/ledger/record.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import type { Random } from '#libs/runtime/ids.js';
import { apiKeySha256, generateApiKey, type NewApiKey } from '#libs/tokens/api-key.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { raiseFeatureLevel } from '#services/identity/app/feature-level.js';
import {
  execute,
  type CommandCall,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { apiKeys, credentials } from '#services/identity/domain/api-key/state.js';
import type { Command } from '#services/identity/domain/commands.js';
import type { RegisterPrincipal } from '#services/identity/domain/principal/commands.js';
import { tenants } from '#services/identity/domain/tenant/state.js';
import { roleNames } from '#services/identity/domain/role/state.js';
import type { FirstKey } from '#services/identity/ports/first-key.js';

export interface Genesis {
  /** Name of the ledger (the topic). */
  readonly ledger: string;
  readonly macKeys: MacKeys;
  /** 32 bytes, from the master key: the Ed25519 key that signs checkpoints. */
  readonly auditSeed: Uint8Array;
  readonly createdBy: string;
  readonly firstKey: FirstKey;
}

/** What the first start of a cluster shows, once. */
export interface Bootstrap {
  readonly clusterId: string;
  /** API key of the first administrator of the system tenant. */
  readonly apiKey: string;
  readonly adminPrincipal: string;
}

/** Name of the role, in the system tenant, for the service accounts of authorizers. */
export const authorizerRole = 'authorizer';
const authorizerPermissions = [
  'ledgate.identity:verify-password',
  'ledgate.identity:append-barrier',
  'ledgate.identity:watch-revocations',
];

/**
 * Founds a cluster on an empty ledger: GENESIS, the newest feature level, then the system tenant, its signing key and a first
 * credential in one record, then the role of authorizers. Safe to repeat and to run on several
 * instances at once: `undefined` when the system tenant was there already. An attempt that was cut
 * short is finished, with the key that it kept.
 */
export async function bootstrap(
  parts: IdentityParts,
  genesis: Genesis,
): Promise<Bootstrap | undefined> {
  const { ledger } = parts;
  if (ledger.fold.cluster === undefined) await appendGenesis(parts, genesis);
  ledger.requireServing();
  const view = documentsOf(ledger.state);
  if (tenants.read(view, systemTenant, systemTenant) === undefined) {
    // No reader of an older build can be there yet.
    await raiseFeatureLevel(ledger, newestLevel);
  }
  const founded =
    tenants.read(view, systemTenant, systemTenant) === undefined
      ? await createSystem(parts, genesis.firstKey)
      : cutShort(parts, genesis.firstKey);
  if (roleNames.read(view, systemTenant, authorizerRole) === undefined) {
    await createAuthorizerRole(parts, founded !== undefined);
  }
  return founded;
}

/** `founding`: the first credential is known to nobody else, and must get out whatever happens. */
async function createAuthorizerRole(parts: IdentityParts, founding: boolean): Promise<void> {
  try {
    await asSystem(parts, {
      type: 'CreateRole',
      role: parts.ids.uuid(),
      name: authorizerRole,
      permissions: authorizerPermissions,
      parents: [],
      admin: false,
    });
  } catch (error) {
    // Another instance was faster.
    if (error instanceof Failure && error.reason === 'NAME_TAKEN') return;
    if (!founding) throw error;
    parts.log.error({ err: error }, 'no role of authorizers yet: the next start makes it');
  }
}

/** Only one GENESIS counts: another instance may have been faster. */
async function appendGenesis(parts: IdentityParts, genesis: Genesis): Promise<void> {
  const { ledger, macKeys, auditSeed, createdBy } = genesis;
  const payload = genesisCodec.encode({
    clusterId: parts.ids.uuid(),
    ledger,
    format: 1,
    macKeyCheck: Buffer.from(macKeys.checkValue(foundingMacKeyId), 'hex'),
    auditPublicKey: auditPublicKey(auditSeed),
    createdBy,
  });
  const key = hashOf(genesisKey);
  const outcome = await parts.ledger.writer.submit({
    kind: RecordKind.GENESIS,
    tenantHash: new Uint8Array(16),
    basedOn: -1,
    reads: [key],
    writes: [key],
    payload,
  });
  if (outcome.verdict === 'accepted' || outcome.why === 'conflict') return;
  throw new Failure('NOT_READY', `the first record did not count (${outcome.why}): start again`);
}

async function createSystem(
  parts: IdentityParts,
  firstKey: FirstKey,
): Promise<Bootstrap | undefined> {
  try {
    return await foundSystem(parts, firstKey);
  } catch (error) {
    // Another instance was faster, or an earlier attempt of our own did count.
    if (error instanceof Failure && error.reason === 'ALREADY_EXISTS') {
      return cutShort(parts, firstKey);
    }
    throw error;
  }
}

/** What an attempt founded that died before it could say so. */
function cutShort({ ledger }: IdentityParts, firstKey: FirstKey): Bootstrap | undefined {
  const apiKey = firstKey.pending();
  if (apiKey === undefined) return undefined;
  const view = documentsOf(ledger.state);
  const { credential } = apiKeys.read(view, systemTenant, apiKeySha256(apiKey) ?? '') ?? {};
  const known =
    credential === undefined ? undefined : credentials.read(view, systemTenant, credential);
  if (known === undefined) {
    firstKey.discard();
    return undefined;
  }
  const clusterId = ledger.fold.cluster?.clusterId ?? '';
  return { clusterId, apiKey, adminPrincipal: known.principal };
}

async function foundSystem(parts: IdentityParts, firstKey: FirstKey): Promise<Bootstrap> {
  const { ids, random, signingKeys, ledger, issuer, clock } = parts;
  const principal = ids.uuid();
  const apiKey = firstKeyOf(firstKey, random);
  firstKey.keep(apiKey.text);
  const algorithm = 'EdDSA';
  const { kid, publicJwk, privateKey } = await signingKeys.create(algorithm);
  const admin = await firstAdmin(parts, principal);
  await asSystem(parts, {
    type: 'InitialiseSystem',
    tenant: {
      type: 'CreateTenant',
      slug: systemTenant,
      displayName: 'System',
      settings: {},
      blindIndexKey: admin.blindIndexKey,
      adminRole: ids.uuid(),
      admin: { principal: admin.register, grant: ids.uuid() },
    },
    signingKey: {
      type: 'RotateSigningKey',
      kid,
      issuer,
      algorithm,
      publicJwk,
      privateKey,
      retireAfterMs: Math.trunc(clock.wallMs()) + 60_000,
    },
    apiKey: {
      type: 'CreateApiKey',
      principal,
      credential: ids.uuid(),
      prefix: apiKey.text.slice(4, 12),
      sha256: apiKey.sha256,
      name: 'bootstrap',
      scopes: [],
    },
  });
  const clusterId = ledger.fold.cluster?.clusterId ?? '';
  return { clusterId, apiKey: apiKey.text, adminPrincipal: principal };
}

/** The one of an attempt that was cut short: its record may yet come to count. */
function firstKeyOf(firstKey: FirstKey, random: Random): NewApiKey {
  const text = firstKey.pending() ?? '';
  const sha256 = apiKeySha256(text);
  return sha256 === undefined ? generateApiKey(random) : { text, sha256 };
}

async function firstAdmin(
  parts: IdentityParts,
  principal: string,
): Promise<{ readonly blindIndexKey: VaultRef; readonly register: RegisterPrincipal }> {
  const name = { kind: 'USERNAME', canonical: 'admin' } as const;
  const blindIndexKey = await parts.loginNames.createKey(systemTenant);
  const blindIndex = await parts.loginNames.indexOf(systemTenant, name);
  const context = { class: 'PROFILE', tenant: systemTenant, principal } as const;
  const value = await parts.secrets.seal(Buffer.from(name.canonical, 'utf8'), context);
  const register: RegisterPrincipal = {
    type: 'RegisterPrincipal',
    principal,
    kind: 'USER',
    loginNames: [{ kind: name.kind, blindIndex, value, verified: true }],
    origin: 'ADMIN',
  };
  return { blindIndexKey, register };
}

async function asSystem(parts: IdentityParts, command: Command): Promise<void> {
  const call: CommandCall = {
    tenant: systemTenant,
    actor: { tenant: systemTenant, principal: '' },
    commandId: '',
    requestDigest: '',
    reason: 'bootstrap',
    traceparent: '',
    permit: () => ({ permittedBy: [] }),
  };
  await execute(parts, call, command);
}
