import * as openid from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callback, startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';
import { redeem as redemption, type Fields } from '../security/raw-oauth.js';
import { authorize, discover } from './flows.js';
import { basic, postForm } from './raw-form.js';

let cell: OauthCell;
beforeAll(async () => {
  cell = await startOauthCell('binding');
});
afterAll(() => cell.stop());

const grant = { error: 'invalid_grant' };
const checks = { expectedState: 'state', expectedNonce: 'nonce' };

test('a code that was asked for with dpop_jkt is worth nothing without that key', async () => {
  const config = await discover(cell, await cell.registerClient());
  const handle = async () => openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'));
  const [DPoP, thief] = [await handle(), await handle()];
  const more = { dpop_jkt: await DPoP.calculateThumbprint() };
  const { back, verifier } = await authorize(config, await cell.browserOf('alice'), { more });
  const redeem = (key: openid.DPoPHandle | undefined) =>
    openid.authorizationCodeGrant(
      config,
      back,
      { pkceCodeVerifier: verifier, ...checks },
      undefined,
      key === undefined ? undefined : { DPoP: key },
    );
  for (const key of [undefined, thief]) await expect(redeem(key)).rejects.toMatchObject(grant);
  // Who found it has ended nothing.
  expect(await redeem(DPoP)).toMatchObject({ token_type: 'dpop' });
});

test('what is asked wrongly uses no code up', async () => {
  const client = await cell.registerClient();
  const config = await discover(cell, client);
  const { back, verifier } = await authorize(config, await cell.browserOf('alice'));
  const post = (fields: Fields) => {
    const good = redemption(back.searchParams.get('code') ?? '', { code_verifier: verifier });
    const given = Object.entries({ ...good, ...fields }).filter(([, value]) => value !== undefined);
    const body = new URLSearchParams(given as [string, string][]).toString();
    const auth = basic(`${client.clientId}:${client.secret}`);
    return postForm(`${cell.issuer}/oauth/token`, body, auth);
  };
  for (const [fields, error] of [
    [{ redirect_uri: `${callback}/` }, 'invalid_grant'],
    [{ redirect_uri: undefined }, 'invalid_request'],
    [{ code_verifier: undefined }, 'invalid_grant'],
    [{ code_verifier: 'short' }, 'invalid_grant'],
    [{ resource: 'https://other.example' }, 'invalid_target'],
    [{ resource: 'no uri' }, 'invalid_target'],
  ] as const) {
    expect(await post(fields)).toMatchObject({ status: 400, body: { error } });
  }
  expect(await post({ resource: cell.audience })).toMatchObject({ status: 200 });
});

test('what is asked wrongly uses no refresh token up, and narrowing is for one time', async () => {
  const client = await cell.registerClient();
  const config = await discover(cell, client);
  const { back, verifier } = await authorize(config, await cell.browserOf('alice'), {
    scope: 'openid profile orders:read',
  });
  const first = await openid.authorizationCodeGrant(config, back, {
    pkceCodeVerifier: verifier,
    ...checks,
  });
  const token = first.refresh_token ?? '';
  const refresh = (from: string, more: Record<string, string>) =>
    openid.refreshTokenGrant(config, from, more);
  const wider = refresh(token, { scope: 'openid email' });
  await expect(wider).rejects.toMatchObject({ error: 'invalid_scope' });
  const elsewhere = refresh(token, { resource: 'https://other.example' });
  await expect(elsewhere).rejects.toMatchObject({ error: 'invalid_target' });
  const narrow = await refresh(token, { scope: 'orders:read' });
  expect(narrow).toMatchObject({ scope: 'orders:read' });
  expect(narrow).not.toHaveProperty('id_token');
  const whole = await refresh(narrow.refresh_token ?? '', {});
  expect(whole).toMatchObject({ scope: 'openid profile orders:read' });
  expect(whole).toHaveProperty('id_token');
});
