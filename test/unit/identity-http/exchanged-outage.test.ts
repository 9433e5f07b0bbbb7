import { expect, it } from 'vitest';
import { writeAccessToken } from '#services/identity/http/oidc/access-token-payload.js';
import type { NewAccessToken } from '#services/identity/http/oidc/oidc-ledger.js';

it.each([true, false])('a token that was exchanged keeps the mark of an outage (%s)', (outage) => {
  const exchanged = { verified: {}, outage, act: { sub: 'client' } };
  const parts = {
    jar: { noted: new Map([['exchanged', exchanged]]) },
    ledger: {
      client: () => ({ client: 'shop' }),
      accessPayload: (token: NewAccessToken) => ({ outage: token.outage }),
    },
  };
  const structured = { payload: {} };
  const ctx = { oidc: { client: { clientId: 'shop' } } };
  writeAccessToken(parts as never, ctx as never, { scope: '' } as never, structured);
  expect(structured.payload).toEqual({ outage });
});
