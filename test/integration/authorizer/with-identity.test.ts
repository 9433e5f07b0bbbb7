import { join } from 'node:path';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import { Secret } from '#libs/runtime/secret.js';
import { AuthorizerServiceService as Ask } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { startAuthorizer, type RunningAuthorizer } from '#services/authorizer/main.js';
import {
  clientOf,
  testConfig as authorizerConfig,
  type AuthorizerClient,
} from '../../support/authorizer/running-authorizer.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import {
  logIn,
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
  type TenantSetup,
} from '../../support/identity/tenant-setup.js';

// Both services on one embedded log: what identity writes, the authorizer answers from.

const folder = temporaryFolder();
const store = openEmbeddedStore(join(folder.path, 'ledger'));
const password = 'seven quiet lanterns';
let identity: World;
let authorizer: RunningAuthorizer;
let client: AuthorizerClient;
let acme: TenantSetup;
let gateway: string;
let bob: string;
let grantId: string;

beforeAll(async () => {
  const log = store.log('auth.ledger.v1');
  const sessionLog = store.log('auth.session.v1');
  identity = await startWorld(testConfig(folder.path), {
    log,
    sessionLog,
    vault: store.vault(),
    bootstrap: true,
  });
  const ledgerKey = new Secret(
    readFileSync(join(folder.path, 'keys', 'ledger.key'), 'utf8').trim(),
  );
  const { address } = identity.identity;
  const config = { ledgerKey, identity: { address, credential: new Secret(identity.root) } };
  authorizer = await startAuthorizer(authorizerConfig(config), { log, sessionLog });
  client = clientOf(authorizer.address);
  acme = await setUpTenant(identity, 'acme');
  const service = await setUpUser(identity, acme.admin, 'gateway');
  gateway = (await setUpApiKey(identity, acme.admin, service)).apiKey;
  const permissions = ['ask', 'ask-any', 'explain'].map((verb) => `ledgate.authorizer:${verb}`);
  await setUpGrant(identity, acme.admin, service, { name: 'asker', permissions });
  const permission = { name: 'orders:read', resourceType: '', description: 'Read orders' };
  const define = {
    permission: { ...permission, risk: 1, maxStalenessMs: 0n, auditRequired: false } as const,
  };
  await identity.call(Roles.definePermission, define, acme.admin);
  bob = await setUpUser(identity, acme.admin, 'bob', password);
  const clerk = { name: 'clerk', permissions: ['orders:read'], resourcePrefix: 'projects/a' };
  ({ grantId } = await setUpGrant(identity, acme.admin, bob, clerk));
});
afterAll(async () => {
  client.close();
  await authorizer.close();
  await identity.close();
  await store.close();
  folder.remove();
});

type Consistent = Parameters<typeof Ask.authorize.requestSerialize>[0]['consistency'];
type Who = Parameters<typeof Ask.authorize.requestSerialize>[0]['who'];

const fully: Consistent = { requirement: { $case: 'fullyConsistent', value: true } };
const byToken = (value: string): Who => ({
  $case: 'credential',
  value: { credential: { $case: 'bearerToken', value } },
});
const byPassword = (tenant: string, secret = password): Who => {
  const value = { tenant, username: 'bob', password: secret };
  return { $case: 'credential', value: { credential: { $case: 'basic', value } } };
};
const bySubject = (): Who => {
  return { $case: 'subject', value: { tenantId: acme.tenantId, principalId: bob } };
};
const ask = (who: Who, consistency?: Consistent) => {
  const question = { who, action: 'orders:read', resource: 'projects/a/7', consistency };
  return client.call(Ask.authorize, question, gateway);
};

describe('both services on one log', () => {
  it('a token is good the moment it was issued, with no plumbing for the caller', async () => {
    const token = await logIn(identity, 'acme', 'bob', password);
    expect(await ask(byToken(token))).toMatchObject({ decision: 1, principalId: bob });
  });

  it('fully consistent: sees everything that was written before the call', async () => {
    const dave = await setUpUser(identity, acme.admin, 'dave');
    const value = { tenantId: acme.tenantId, principalId: dave };
    expect(await ask({ $case: 'subject', value }, fully)).toMatchObject({ reason: 'NO_GRANT' });
  });

  it('HTTP Basic: by slug and by id, right and wrong', async () => {
    expect(await ask(byPassword('acme'))).toMatchObject({ decision: 1, principalId: bob });
    expect(await ask(byPassword(acme.tenantId))).toMatchObject({ decision: 1 });
    expect(await ask(byPassword('acme', 'wrong'))).toMatchObject({ reason: 'PASSWORD_REJECTED' });
    expect(await ask(byPassword('nobody'))).toMatchObject({ reason: 'PASSWORD_REJECTED' });
  });

  it('a new password ends the cached verdict and the tokens before it', async () => {
    const token = await logIn(identity, 'acme', 'bob', password);
    const changed = 'nine patient bridges';
    await identity.call(
      Credentials.setPassword,
      { principalId: bob, password: changed },
      acme.admin,
    );
    expect(await ask(byToken(token), fully)).toMatchObject({ reason: 'WATERMARK' });
    expect(await ask(byPassword('acme'))).toMatchObject({ decision: 2 });
    expect(await ask(byPassword('acme', changed))).toMatchObject({ decision: 1 });
    await identity.call(Credentials.setPassword, { principalId: bob, password }, acme.admin);
  });

  it('everything issued before is dead once it was revoked', async () => {
    const token = await logIn(identity, 'acme', 'bob', password);
    await identity.call(Tokens.revokeTokens, { scope: 1, principalId: bob }, acme.admin);
    expect(await ask(byToken(token), fully)).toMatchObject({ reason: 'WATERMARK' });
  });

  it('a revoked grant denies, and the explanation names who revoked it, and why', async () => {
    const options = { commandId: '', reason: 'left the team' };
    const { result } = await identity.call(Grants.revokeGrant, { grantId, options }, acme.admin);
    const value = result?.consistencyToken ?? '';
    const consistency: Consistent = { requirement: { $case: 'atLeastAsFresh', value } };
    expect(await ask(bySubject(), consistency)).toMatchObject({ decision: 2, reason: 'NO_GRANT' });
    const question = {
      who: bySubject(),
      action: 'orders:read',
      resource: 'projects/a/7',
      consistency,
    };
    const explained = await client.call(Ask.explain, question, gateway);
    expect(explained.paths[0]).toMatchObject({ missing: 'REVOKED', grantId, roleName: 'clerk' });
    expect(explained.paths[0]?.events.at(-1)).toMatchObject({
      type: 'ledgate.grant.GrantRevoked.v1',
      actorPrincipalId: acme.adminId,
      reason: 'left the team',
      position: result?.position,
    });
    expect(explained.summary).toContain('left the team');
  });
});
