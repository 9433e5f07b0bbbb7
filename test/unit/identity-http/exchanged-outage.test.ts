import { expect, it } from 'vitest';
import { tokenExchange } from '#services/identity/http/oauth/token-exchange.js';
import type { LiveToken, NewAccessToken } from '#services/identity/http/oauth/oauth-ledger.js';

const client = {
  client: 'shop',
  tenant: 'acme',
  principal: 'shop itself',
  settings: { scopes: ['orders:read'], authMethod: 'client_secret_basic', dpopRequired: false },
};

const subject: LiveToken = {
  tokenId: 'one',
  tenant: 'acme',
  principal: 'alice',
  client: 'shop',
  audience: 'api',
  scopes: ['orders:read'],
  issuedAtS: 0,
  expiresAtS: 100,
  authTimeS: 0,
  amr: ['pwd'],
  credential: 'password',
  authPosition: 1,
  outage: false,
};

const form = {
  params: new Map([
    ['subject_token', 'text'],
    ['subject_token_type', 'urn:ietf:params:oauth:token-type:access_token'],
  ]),
  repeated: new Set(),
};

it.each([true, false])(
  'a token that was exchanged keeps the mark of an outage (%s)',
  async (outage) => {
    const made: NewAccessToken[] = [];
    const parts = {
      clock: { wallMs: () => 40_000 },
      ids: { opaque: () => 'id' },
      ledger: {
        liveToken: () => Promise.resolve({ ...subject, outage }),
        audiencesOf: () => [{ id: 'api' }],
        accessTtlS: () => 600,
        accessPayload: (token: NewAccessToken) => {
          made.push(token);
          return {};
        },
      },
    };
    const asked = { form, acting: { client }, signer: { sign: () => 'signed' } };
    const answer = await tokenExchange(parts as never, asked as never);
    expect(made).toMatchObject([{ outage, issuedAtS: 40, expiresAtS: 100, audience: 'api' }]);
    expect(answer).toMatchObject({ access_token: 'signed', expires_in: 60, token_type: 'Bearer' });
  },
);
