import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { signAccessToken } from '#libs/tokens/sign-access-token.js';
import { factsOf } from '#libs/tokens/token-facts.js';
import { verifyAccessToken } from '#libs/tokens/verify-access-token.js';
import { claims, keys, nowMs, payloadOf, rulesFor } from './fixtures.js';

const rules = rulesFor(keys.EdDSA);
const thumbprint = 'x'.repeat(43);
const whole = {
  ...claims,
  sessionId: 'session',
  clientId: 'client',
  acr: 'urn:ledgate:acr:2',
  confirmation: { method: 'jkt', thumbprint },
  ledger: { ...claims.ledger, sessionPosition: 7, family: 'family', issuedInOutage: true },
} as const;
const token = await signAccessToken(keys.EdDSA, whole);
const payload = payloadOf(token);
const lg = payload['lg'] as Record<string, unknown>;

/** Signed by us, so that nothing but the claim can be wrong. */
async function verdictOf(changes: Record<string, unknown>): Promise<string> {
  const text = await new SignJWT({ ...payload, ...changes })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: keys.EdDSA.kid })
    .sign(keys.EdDSA.privateKey);
  const verdict = verifyAccessToken(text, rules, nowMs);
  return verdict.ok ? 'ok' : verdict.why;
}

describe('what a token says of sessions, clients and keys', () => {
  it('is read back as it was said, under the names that others know', () => {
    expect(verifyAccessToken(token, rules, nowMs)).toEqual({
      ok: true,
      claims: whole,
      kid: keys.EdDSA.kid,
    });
    const { sid, client_id, acr, cnf } = payload;
    expect({ sid, client_id, acr, cnf }).toEqual({
      sid: 'session',
      client_id: 'client',
      acr: 'urn:ledgate:acr:2',
      cnf: { jkt: thumbprint },
    });
    expect(lg).toEqual({ e: 1, L: 4711, a: 4000, c: 'cred-1', S: 7, f: 'family', x: 1 });
  });

  it.each<[string, Record<string, unknown>]>([
    ['sid', { sid: 7 }],
    ['an empty sid', { sid: '' }],
    ['client_id', { client_id: null }],
    ['acr', { acr: ['urn:ledgate:acr:2'] }],
    ['cnf of an unknown method', { cnf: { kid: thumbprint } }],
    ['cnf of two methods', { cnf: { jkt: thumbprint, 'x5t#S256': thumbprint } }],
    ['an empty cnf', { cnf: {} }],
    ['a short thumbprint', { cnf: { jkt: 'x' } }],
    ['S', { lg: { ...lg, S: -1 } }],
    ['f', { lg: { ...lg, f: '' } }],
    ['x', { lg: { ...lg, x: true } }],
    ['x as 0', { lg: { ...lg, x: 0 } }],
  ])('is refused with a malformed %s: never taken as absent', async (_, changes) => {
    expect(await verdictOf({})).toBe('ok');
    expect(await verdictOf(changes)).toBe('BAD_CLAIM');
  });

  it('is nothing when it is absent, as in tokens of older builds', async () => {
    const old = await signAccessToken(keys.EdDSA, claims);
    expect(Object.keys(payloadOf(old)['lg'] as object)).toEqual(['e', 'L', 'a', 'c']);
    const verdict = verifyAccessToken(old, rules, nowMs);
    const facts = verdict.ok ? factsOf(verdict.claims, verdict.kid) : undefined;
    expect(facts).toMatchObject({ client: '', issuedInOutage: false });
    expect(facts?.place).toMatchObject({ session: '', family: '', position: Number.NaN });
  });
});
