import { randomUUID } from 'node:crypto';
import * as openid from 'openid-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureTopics, topicSpecs } from '#libs/ledger/kafka/topics.js';
import { Browser } from '../../support/oauth/browser.js';
import { startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import { cellKeys } from '../../support/identity/session-instance.js';
import { describeOnKafka } from '../../support/kafka/describe-on-kafka.js';
import { authorize, claimsIn, discover, type Answered } from './flows.js';

const dead = { active: false };
const refused = { error: 'invalid_grant' };

describeOnKafka('OAuth at two instances of one cell', (brokers) => {
  const folder = temporaryFolder();
  let cell: OauthCell;
  let other: World;
  /** Both are known under one name, as behind a load balancer; each of these asks one of them. */
  let sendToOne: typeof fetch;
  let sendToTwo: typeof fetch;
  let one: openid.Configuration;
  let two: openid.Configuration;

  beforeAll(async () => {
    const topicPrefix = `cell-${randomUUID()}`;
    const replicationFactor = brokers.length;
    await ensureTopics({ brokers }, topicSpecs({ prefix: topicPrefix, replicationFactor }));
    const place = { ...cellKeys, log: 'kafka', kafkaBrokers: brokers, topicPrefix } as const;
    cell = await startOauthCell('acme', place, { bootstrap: true });
    const { issuer } = cell;
    const there = { ...place, issuer, httpAddress: '127.0.0.1:0' };
    other = await startWorld(testConfig(folder.path, there));
    sendToOne = sendTo(issuer);
    sendToTwo = sendTo(`http://${other.identity.http ?? ''}`);
    const client = await cell.registerClient();
    one = await discover(cell, client);
    two = await discover(cell, client);
    two[openid.customFetch] = sendToTwo as openid.CustomFetch;
  });
  afterAll(async () => {
    await other.close();
    await cell.stop();
    folder.remove();
  });

  function sendTo(origin: string): typeof fetch {
    return (input, init) => {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input);
      return fetch(new URL(`${pathname}${search}`, origin), init);
    };
  }

  async function browserAt(send: typeof fetch): Promise<Browser> {
    const browser = new Browser(cell.issuer, send);
    const loggedIn = await cell.browserOf('alice');
    browser.setCookie('ledgate', loggedIn.cookie('ledgate') ?? '');
    return browser;
  }

  function redeem(config: openid.Configuration, { back, verifier }: Answered) {
    return openid.authorizationCodeGrant(config, back, {
      pkceCodeVerifier: verifier,
      expectedState: 'state',
      expectedNonce: 'nonce',
    });
  }

  it('a code of one is redeemed at the other at once, and its tokens are good at both', async () => {
    const tokens = await redeem(two, await authorize(one, await browserAt(sendToOne)));
    expect(claimsIn(tokens.access_token)).toMatchObject({ iss: cell.issuer });
    for (const config of [one, two]) {
      const told = await openid.tokenIntrospection(config, tokens.access_token);
      expect(told).toMatchObject({ active: true, sub: cell.users.alice });
      await openid.fetchUserInfo(config, tokens.access_token, cell.users.alice);
    }
  });

  it('a code that is replayed at the other kills its family at both', async () => {
    const answered = await authorize(two, await browserAt(sendToTwo));
    const tokens = await redeem(one, answered);
    await expect(redeem(two, answered)).rejects.toMatchObject(refused);
    await expect(openid.refreshTokenGrant(two, tokens.refresh_token ?? '')).rejects.toMatchObject(
      refused,
    );
    await expect(openid.refreshTokenGrant(one, tokens.refresh_token ?? '')).rejects.toMatchObject(
      refused,
    );
    for (const config of [two, one]) {
      const told = () => openid.tokenIntrospection(config, tokens.access_token);
      await expect.poll(told, { timeout: 5_000 }).toEqual(dead);
    }
  });

  it('a family goes on at the other, and an older token ends it at both', async () => {
    const first = await redeem(one, await authorize(one, await browserAt(sendToOne)));
    const second = await openid.refreshTokenGrant(two, first.refresh_token ?? '');
    const third = await openid.refreshTokenGrant(one, second.refresh_token ?? '');
    const again = openid.refreshTokenGrant(two, first.refresh_token ?? '');
    await expect(again).rejects.toMatchObject(refused);
    const newest = openid.refreshTokenGrant(one, third.refresh_token ?? '');
    await expect(newest).rejects.toMatchObject(refused);
  });

  it('what is revoked at one is dead at the other', async () => {
    const tokens = await redeem(one, await authorize(one, await browserAt(sendToOne)));
    await openid.tokenRevocation(two, tokens.access_token);
    const told = () => openid.tokenIntrospection(one, tokens.access_token);
    await expect.poll(told, { timeout: 5_000 }).toEqual(dead);
    const next = await openid.refreshTokenGrant(one, tokens.refresh_token ?? '');
    await openid.tokenRevocation(two, next.refresh_token ?? '');
    const refresh = openid.refreshTokenGrant(one, next.refresh_token ?? '');
    await expect(refresh).rejects.toMatchObject(refused);
  });

  it('a device asks at one, a person answers at the other, and it polls at either', async () => {
    const device = await openid.initiateDeviceAuthorization(one, { scope: 'openid orders:read' });
    const grant = { device_code: device.device_code };
    const poll = (config: openid.Configuration) =>
      openid.genericGrantRequest(config, 'urn:ietf:params:oauth:grant-type:device_code', grant);
    await expect(poll(two)).rejects.toMatchObject({ error: 'authorization_pending' });
    const browser = await browserAt(sendToTwo);
    const form = await browser.open(device.verification_uri);
    const confirm = await browser.submit(form, { user_code: device.user_code });
    await browser.submit(confirm, { confirm: 'yes' });
    const tokens = await openid.pollDeviceAuthorizationGrant(one, { ...device, interval: 1 });
    expect(claimsIn(tokens.access_token)).toMatchObject({ sub: cell.users.alice });
    await openid.refreshTokenGrant(two, tokens.refresh_token ?? '');
    await expect(poll(two)).rejects.toMatchObject(refused);
  });

  it('what one has sealed into a browser the other opens', async () => {
    let asked = 0;
    const inTurns: typeof fetch = (input, init) =>
      ((asked += 1) % 2 === 0 ? sendToOne : sendToTwo)(input, init);
    const thirdParty = await cell.registerClient({ firstParty: false });
    const config = await discover(cell, thirdParty);
    const login = await new Browser(cell.issuer, inTurns).open(
      openid.buildAuthorizationUrl(config, {
        redirect_uri: 'http://127.0.0.1:9/callback',
        scope: 'openid',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      }),
    );
    expect(login instanceof URL ? login.href : login.html).toContain('login_name');
    const browser = await browserAt(inTurns);
    const consent = await browser.open(
      openid.buildAuthorizationUrl(config, {
        redirect_uri: 'http://127.0.0.1:9/callback',
        scope: 'openid',
        code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
        code_challenge_method: 'S256',
      }),
    );
    const back = await browser.submit(consent, { verdict: 'allow' });
    expect(back instanceof URL && back.searchParams.get('code')).toBeTruthy();
    expect(asked).toBeGreaterThan(4);
  });
});
