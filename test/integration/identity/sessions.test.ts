import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import { ledgerName } from '#libs/ledger/ledger-place.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { extendSession, findSession, startSession } from '#services/identity/app/sessions.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type Folder,
  type World,
} from '../../support/identity/running-identity.js';
import {
  begun,
  cellKeys,
  openInstance,
  verified,
  type SessionInstance,
} from '../../support/identity/session-instance.js';
import { setUpTenant, setUpUser, type TenantSetup } from '../../support/identity/tenant-setup.js';

const userPassword = 'eleven quiet umbrellas';

/** Two instances of one cell: one over gRPC, one by its use cases. */
describe('sessions', () => {
  let folders: Folder[];
  let store: ReturnType<typeof openEmbeddedStore>;
  let world: World;
  let other: SessionInstance;
  let acme: TenantSetup;

  beforeAll(async () => {
    folders = [temporaryFolder(), temporaryFolder(), temporaryFolder()];
    const [ledger, here, there] = folders as [Folder, Folder, Folder];
    store = openEmbeddedStore(ledger.path);
    const config = testConfig(here.path, cellKeys);
    const stores = {
      log: store.log(ledgerName(config)),
      sessionLog: store.log(ledgerName(config, 'S')),
      vault: store.vault(),
    };
    world = await startWorld(config, { ...stores, bootstrap: true });
    other = await openInstance(testConfig(there.path, cellKeys), stores);
    acme = await setUpTenant(world, 'acme');
    await setUpUser(world, acme.admin, 'ada', userPassword);
  });
  afterAll(async () => {
    await other.close();
    await world.close();
    await store.close();
    for (const folder of folders) folder.remove();
  });

  const asAda = async () => {
    const start = await verified(other, 'acme', 'ada', userPassword);
    return startSession(other.parts, start);
  };

  it('are known everywhere as soon as they have begun, and call by their token', async () => {
    const { sessionToken, session } = await begun(other, 'acme');
    expect(sessionToken).toMatch(/^lgs_/u);
    const own = await world.call(Sessions.getSession, {}, sessionToken);
    expect(own.session).toMatchObject({
      sessionId: session.session,
      principalId: acme.adminId,
      label: 'Firefox on Linux',
      acr: 'urn:ledgate:acr:1',
      amr: ['pwd'],
      current: true,
    });
    const { sessions } = await world.call(Sessions.listSessions, {}, sessionToken);
    expect(sessions.map((one) => one.sessionId)).toContain(session.session);
  });

  it('give access tokens that die with them, at once', async () => {
    const { sessionToken, session } = await begun(other, 'acme');
    const issued = await world.call(Tokens.issueToken, {}, sessionToken);
    const seen = await world.call(
      Tokens.introspectToken,
      { token: issued.accessToken },
      acme.admin,
    );
    expect(seen).toMatchObject({
      active: true,
      tokenType: 'access_token',
      principalId: acme.adminId,
      sessionId: session.session,
      acr: 'urn:ledgate:acr:1',
    });
    await world.call(Sessions.endSession, { sessionId: session.session }, issued.accessToken);
    for (const bearer of [sessionToken, issued.accessToken]) {
      const refused = await refusal(world.call(Sessions.listSessions, {}, bearer));
      expect(refused).toMatchObject({ code: status.UNAUTHENTICATED });
    }
    const { active } = await world.call(
      Tokens.introspectToken,
      { token: issued.accessToken },
      acme.admin,
    );
    expect(active).toBe(false);
  });

  it('are ended one, the others, or all; the others by the one that goes on', async () => {
    const [one, two, three] = await Promise.all([asAda(), asAda(), asAda()]);
    const sessionId = two.session.session;
    await world.call(Sessions.endSession, { sessionId }, one.sessionToken);
    expect(await findSession(other.parts, two.sessionToken)).toBeUndefined();
    const { ended } = await world.call(Sessions.endOtherSessions, {}, three.sessionToken);
    expect(ended).toBeGreaterThanOrEqual(1);
    await refusal(world.call(Sessions.getSession, {}, one.sessionToken));
    expect(await world.call(Sessions.getSession, {}, three.sessionToken)).toBeDefined();
    await world.call(Sessions.endAllSessions, {}, three.sessionToken);
    await refusal(world.call(Sessions.getSession, {}, three.sessionToken));
  });

  it('all: also a session that nobody has heard of when the watermark is written', async () => {
    const early = await verified(other, 'acme', 'ada', userPassword);
    const { sessionToken } = await asAda();
    await world.call(Sessions.endAllSessions, {}, sessionToken);
    await other.parts.ledger.seeEnd(1000);
    await expect(startSession(other.parts, early)).rejects.toMatchObject({
      reason: 'CREDENTIALS_REJECTED',
    });
  });

  it('of others are for administrators alone', async () => {
    const ada = await asAda();
    const principalId = ada.session.principal;
    const admins = await world.call(Sessions.listSessions, { principalId }, acme.admin);
    expect(admins.sessions.length).toBeGreaterThan(0);
    const about = { principalId: acme.adminId };
    const refused = await refusal(world.call(Sessions.listSessions, about, ada.sessionToken));
    expect(refused.code).toBe(status.PERMISSION_DENIED);
    const { session } = await begun(other, 'acme');
    const end = { ...about, sessionId: session.session };
    expect(await refusal(world.call(Sessions.endSession, end, ada.sessionToken))).toMatchObject({
      code: status.PERMISSION_DENIED,
    });
    // Not by naming oneself as the owner of somebody else's session either.
    const own = { sessionId: session.session };
    expect(await refusal(world.call(Sessions.endSession, own, ada.sessionToken))).toMatchObject({
      code: status.NOT_FOUND,
    });
    const sessionId = ada.session.session;
    await world.call(Sessions.endSession, { principalId, sessionId }, acme.admin);
    await refusal(world.call(Sessions.getSession, {}, ada.sessionToken));
  });

  it('a new password ends every session of its owner but the one that changes it', async () => {
    const [other1, changing] = await Promise.all([asAda(), asAda()]);
    const tokenOf = async (bearer: string) =>
      (await world.call(Tokens.issueToken, { withRefreshToken: true }, bearer)) ?? '';
    const [lost, kept] = [await tokenOf(other1.sessionToken), await tokenOf(changing.sessionToken)];
    const newPassword = 'nine patient lanterns';
    const change = { currentPassword: userPassword, newPassword };
    const { sessionToken } = await world.call(
      Credentials.changePassword,
      change,
      changing.sessionToken,
    );
    for (const bearer of [other1.sessionToken, lost.accessToken, changing.sessionToken]) {
      await refusal(world.call(Sessions.getSession, {}, bearer));
    }
    const { refreshToken } = lost;
    const refused = await refusal(world.call(Tokens.refreshToken, { refreshToken }));
    expect(refused.details).toContain('not valid');
    const { session } = await world.call(Sessions.getSession, {}, sessionToken);
    expect(session).toMatchObject({ sessionId: changing.session.session, current: true });
    const refreshed = await world.call(Tokens.refreshToken, { refreshToken: kept.refreshToken });
    expect(await world.call(Sessions.listSessions, {}, refreshed.accessToken)).toMatchObject({
      sessions: [{ sessionId: changing.session.session }],
    });
    const back = { currentPassword: newPassword, newPassword: userPassword };
    await world.call(Credentials.changePassword, back, sessionToken);
  });

  it('are at most as many as the tenant says: the oldest goes', async () => {
    const settings = { sessionLimit: 2 };
    await world.call(Tenants.updateTenantSettings, { settings }, acme.admin);
    const [one, two, three] = [await asAda(), await asAda(), await asAda()];
    const found = await Promise.all(
      [one, two, three].map((it) => findSession(other.parts, it.sessionToken)),
    );
    expect(found.map((it) => it?.session)).toEqual([
      undefined,
      two.session.session,
      three.session.session,
    ]);
  });

  it('extended soon after: nothing is appended', async () => {
    const { session } = await asAda();
    const before = other.parts.sessions.reader.position;
    await extendSession(other.parts, session);
    expect(other.parts.sessions.reader.position).toBe(before);
  });

  it('tokens that are no session tokens find nothing, and append nothing', async () => {
    const before = other.parts.sessions.reader.position;
    const { sessionToken } = await asAda();
    const position = other.parts.sessions.reader.position;
    expect(position).toBe(before + 1);
    for (const text of ['', 'lgs_', sessionToken.slice(0, -1), `${sessionToken}x`]) {
      expect(await findSession(other.parts, text)).toBeUndefined();
    }
    const wrong = sessionToken.replace(/.(?=_)/u, (c) => (c === 'a' ? 'b' : 'a'));
    await refusal(world.call(Sessions.getSession, {}, wrong));
    expect(other.parts.sessions.reader.position).toBe(position);
  });
});
