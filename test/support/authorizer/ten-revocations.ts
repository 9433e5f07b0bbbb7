import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { signAccessToken } from '#libs/tokens/sign-access-token.js';
import { generateSigningKey, type SigningKey } from '#libs/tokens/signing-key.js';
import { LedgerSeed } from './ledger-seed.js';
import { audience, issuer } from './running-authorizer.js';
import {
  granted,
  permissionDefined,
  registered,
  revoked,
  roleCreated,
  tenantCreated,
  tenantWithCaller,
} from './seed-events.js';

/** One way in which what was allowed ends, and what whoever asks is told then. */
interface Way {
  readonly reason: string;
  readonly inL?: readonly DomainEvent[];
  readonly inS?: readonly DomainEvent[];
}

const until = 4_000_000_000_000;
const blob = { id: 'blob', sha256: 'none' };
const client = { client: 'shop', principal: 'service' };

/** Each has a person of its own, by the same name; `tenant suspended` a tenant of its own too. */
const ways: Readonly<Record<string, Way>> = {
  token: {
    reason: 'TOKEN_REVOKED',
    inS: [
      {
        type: 'TokenRevoked',
        jti: 'jti-token',
        principal: 'token',
        expiresAtMs: until,
        cause: 'OWNER',
      },
    ],
  },
  session: {
    reason: 'SESSION_ENDED',
    inS: [
      {
        type: 'SessionEnded',
        session: 'session-session',
        principal: 'session',
        cause: 'LOGOUT',
        expiresAtMs: until,
      },
    ],
  },
  family: {
    reason: 'FAMILY_REVOKED',
    inS: [
      {
        type: 'RefreshFamilyRevoked',
        family: 'family-family',
        principal: 'family',
        client: 'shop',
        cause: 'REUSE',
        accessExpiresAtMs: until,
      },
    ],
  },
  'principal suspended': {
    reason: 'PRINCIPAL_SUSPENDED',
    inL: [{ type: 'PrincipalSuspended', principal: 'principal suspended', admin: false }],
  },
  'password changed': {
    reason: 'WATERMARK',
    inL: [
      {
        type: 'PasswordSet',
        principal: 'password changed',
        credential: 'password-of-password changed',
        version: 2,
        hash: blob,
        params: 'm=1',
        cause: 'CHANGE',
        mustChange: false,
      },
    ],
  },
  'client suspended': { reason: 'CLIENT_SUSPENDED', inL: [{ type: 'ClientSuspended', ...client }] },
  'consent withdrawn': {
    reason: 'CONSENT_WITHDRAWN',
    inL: [{ type: 'ConsentWithdrawn', principal: 'consent withdrawn', client: 'other' }],
  },
  'role removed': { reason: 'NO_GRANT', inL: [revoked('role removed', 'clerk')] },
  'key compromised': { reason: 'SIGNING_KEY_COMPROMISED' },
  'tenant suspended': { reason: 'TENANT_SUSPENDED', inL: [{ type: 'TenantSuspended' }] },
};

/** Two ledgers with ten people who may all do something, each by a token, until all of it is revoked. */
export interface TenRevocations {
  /** API key that may ask the authorizer. */
  readonly caller: string;
  readonly tokens: Readonly<Record<string, string>>;
  /** What is told of each token once it was revoked. */
  readonly reasons: Readonly<Record<string, string>>;
  /** Writes all ten. */
  revokeAll(): Promise<void>;
  /** Consistency token of the end of L. */
  token(): string;
}

export async function tenRevocations(log: EventLog, sessionLog: EventLog): Promise<TenRevocations> {
  const state = await LedgerSeed.begin(log);
  const sessions = await LedgerSeed.begin(sessionLog);
  await state.raise(3);
  const operator = tenantWithCaller('system', 'operator');
  await state.append(operator.events, { tenant: 'system' });
  const keys = [await generateSigningKey('EdDSA'), await generateSigningKey('EdDSA')] as const;
  for (const key of keys) await publish(state, key);
  const tokens: Record<string, string> = {};
  const own = { tenant: 'acme' };
  await state.append([tenantCreated('acme'), ...rights], own);
  for (const name of Object.keys(ways)) {
    const tenant = name === 'tenant suspended' ? 'beta' : 'acme';
    if (tenant === 'beta') await state.append([tenantCreated('beta'), ...rights], { tenant });
    await state.append([registered(name), granted(name, 'clerk')], { tenant });
    const authPosition = state.position;
    await sessions.append([startedOf(name, authPosition)], { tenant });
    const key = name === 'key compromised' ? keys[0] : keys[1];
    const facts = { authPosition, sessionPosition: sessions.position };
    tokens[name] = await tokenOf(key, tenant, name, facts);
  }
  return {
    caller: operator.apiKey,
    tokens,
    reasons: Object.fromEntries(Object.entries(ways).map(([name, { reason }]) => [name, reason])),
    token: () => state.token(),
    revokeAll: async () => {
      for (const [name, { inL = [], inS = [] }] of Object.entries(ways)) {
        const tenant = name === 'tenant suspended' ? 'beta' : 'acme';
        if (inL.length > 0) await state.append(inL, { tenant });
        if (inS.length > 0) await sessions.append(inS, { tenant });
      }
      const { kid } = keys[0];
      await state.append([{ type: 'SigningKeyCompromised', kid, issuer }], { tenant: 'system' });
    },
  };
}

const settings = {
  name: 'Shop',
  redirectUris: [],
  postLogoutRedirectUris: [],
  grantTypes: [],
  scopes: [],
  authMethod: 'none' as const,
  pkceRequired: true,
  dpopRequired: false,
  parRequired: false,
  audiences: [],
  firstParty: false,
};
const rights: readonly DomainEvent[] = [
  permissionDefined('orders:read'),
  roleCreated('clerk', ['orders:read']),
  registered('service', 'SERVICE'),
  { type: 'ClientRegistered', ...client, kind: 'WEB', settings },
  { type: 'ClientRegistered', client: 'other', principal: 'service', kind: 'WEB', settings },
];

async function publish(seed: LedgerSeed, { kid, publicJwk }: SigningKey): Promise<void> {
  const algorithm = 'EdDSA' as const;
  const published = { kid, issuer, algorithm, publicJwk, privateKey: blob, activateNotBeforeMs: 0 };
  await seed.append(
    [
      { type: 'SigningKeyPublished', ...published },
      { type: 'SigningKeyActivated', kid, issuer },
    ],
    { tenant: 'system' },
  );
}

function startedOf(name: string, authPosition: number): DomainEvent {
  return {
    type: 'SessionStarted',
    session: `session-${name}`,
    principal: name,
    credential: `password-of-${name}`,
    acr: 'urn:ledgate:acr:1',
    amr: ['pwd'],
    authTimeMs: Date.now(),
    authPosition,
    startedAtMs: Date.now(),
    idleUntilMs: until,
    expiresAtMs: until,
    label: '',
    sealed: '',
  };
}

/** Only what is about the client belongs to it, so that each token ends in one way. */
function clientOf(name: string): { clientId?: string } {
  if (name === 'client suspended') return { clientId: 'shop' };
  return name === 'consent withdrawn' ? { clientId: 'other' } : {};
}

function tokenOf(
  key: SigningKey,
  tenant: string,
  name: string,
  { authPosition, sessionPosition }: { authPosition: number; sessionPosition: number },
): Promise<string> {
  const nowS = Math.floor(Date.now() / 1000);
  return signAccessToken(key, {
    issuer,
    subject: name,
    tenant,
    audience,
    issuedAtS: nowS,
    expiresAtS: nowS + 3_600,
    tokenId: `jti-${name}`,
    scopes: undefined,
    amr: ['pwd'],
    authTimeS: nowS,
    sessionId: `session-${name}`,
    ...clientOf(name),
    acr: 'urn:ledgate:acr:1',
    ledger: {
      epoch: 1,
      position: authPosition,
      authPosition,
      credential: `password-of-${name}`,
      sessionPosition,
      family: `family-${name}`,
    },
  });
}
