import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import * as openid from 'openid-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TokenServiceService } from '#proto/ledgate/identity/v1/token.js';
import { startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';
import { codeFlow, discover } from './flows.js';

let cell: OauthCell;
beforeAll(async () => {
  cell = await startOauthCell('algorithms');
});
afterAll(() => cell.stop());

test.each(['ES256', 'RS256', 'EdDSA'])(
  '%s: everything that is issued verifies',
  async (algorithm) => {
    await cell.world.call(TokenServiceService.rotateSigningKey, { algorithm }, cell.world.root);
    const client = await cell.registerClient();
    const config = await discover(cell, client);
    const { clientId } = client;
    expect(config.serverMetadata()['id_token_signing_alg_values_supported']).toEqual([algorithm]);
    const first = await codeFlow(cell, config, await cell.browserOf('alice'));
    const next = await openid.refreshTokenGrant(config, first.refresh_token ?? '');
    const own = await openid.clientCredentialsGrant(config, { scope: 'orders:read' });
    const jwks = (await (await fetch(`${cell.issuer}/oauth/jwks`)).json()) as JSONWebKeySet;
    const keys = createLocalJWKSet(jwks);
    const issuer = cell.issuer;
    for (const { access_token, id_token } of [first, next, own]) {
      const at = { issuer, audience: cell.audience, algorithms: [algorithm], typ: 'at+jwt' };
      await expect(jwtVerify(access_token, keys, at)).resolves.toBeDefined();
      expect(await openid.tokenIntrospection(config, access_token)).toMatchObject({ active: true });
      if (id_token === undefined) continue;
      const id = { issuer, audience: clientId, algorithms: [algorithm] };
      await expect(jwtVerify(id_token, keys, id)).resolves.toBeDefined();
    }
  },
);
