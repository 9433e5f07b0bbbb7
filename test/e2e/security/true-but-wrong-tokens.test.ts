import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { logIn, setUpUser } from '../../support/identity/tenant-setup.js';
import { byToken, startPair, type Pair } from '../../support/ledgate/running-pair.js';
import { setUpShop, type Shop } from '../../support/ledgate/shop.js';
import {
  claimsOf,
  trueSigner,
  type Claims,
  type TrueSigner,
} from '../../support/ledgate/true-signer.js';

const password = 'seven quiet lanterns';
let pair: Pair;
let acme: Shop;
let beta: Shop;
let signer: TrueSigner;
let token: string;
let claims: Claims;
let alice: string;

beforeAll(async () => {
  pair = await startPair();
  acme = await setUpShop(pair, 'acme');
  beta = await setUpShop(pair, 'beta');
  alice = await setUpUser(pair, acme.admin, 'alice', password);
  await acme.grant(alice, await acme.role('clerk', ['orders:read']));
  token = await logIn(pair, 'acme', 'alice', password);
  signer = await trueSigner(pair);
  claims = claimsOf(token);
});
afterAll(async () => pair.close());

/** What each service makes of a token: as a caller of identity, and as the subject of a question. */
async function accepted(text: string): Promise<{ identity: boolean; authorizer: boolean }> {
  const [identity, authorizer, answer] = await Promise.all([
    pair.call(Principals.getPrincipal, { principalId: alice }, text).then(
      () => true,
      () => false,
    ),
    pair.authenticate(byToken(text), acme.backend),
    pair.authorize({ who: byToken(text), action: 'orders:read', resource: 'a' }, acme.backend),
  ]);
  expect(answer.reason === 'ALLOWED').toBe(authorizer.authenticated);
  return { identity, authorizer: authorizer.authenticated };
}
const yes = { identity: true, authorizer: true };
const no = { identity: false, authorizer: false };

const without = (name: string): Claims =>
  Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
const position = () => claims['lg'] as { e: number; L: number; a: number };

describe('OpenFGA CVE-2026-55689, Zitadel GHSA-wxg7: a claim that is not there refuses', () => {
  it('while the same claims, signed again by the same key, are good', async () => {
    expect(await accepted(token)).toEqual(yes);
    expect(await accepted(await signer.sign(claims))).toEqual(yes);
  });

  it.each(['iss', 'sub', 'tenant', 'aud', 'iat', 'exp', 'jti', 'amr', 'auth_time', 'lg'])(
    '%s',
    async (name) => {
      expect(claims).toHaveProperty(name);
      expect(await accepted(await signer.sign(without(name)))).toEqual(no);
      expect(await accepted(await signer.sign({ ...claims, [name]: null }))).toEqual(no);
    },
  );

  it.each(['e', 'L', 'a'])('lg.%s', async (name) => {
    const lg = Object.fromEntries(Object.entries(position()).filter(([key]) => key !== name));
    expect(await accepted(await signer.sign({ ...claims, lg }))).toEqual(no);
  });

  it.each(['typ', 'kid'])('%s of the header', async (name) => {
    expect(await accepted(await signer.sign(claims, { [name]: undefined }))).toEqual(no);
  });
});

describe('a token by the true key that says what identity never says (RFC 9068 section 4, RFC 8725)', () => {
  it.each<[string, (now: number) => Claims]>([
    ['another issuer', () => ({ iss: 'https://other.example' })],
    ['another audience', () => ({ aud: 'https://elsewhere.example' })],
    ['an audience that is a list', () => ({ aud: [claims['aud']] })],
    ['expired', (now) => ({ iat: now - 700, exp: now - 100 })],
    ['not yet valid', (now) => ({ iat: now + 100, exp: now + 700 })],
    ['nbf in the future', (now) => ({ nbf: now + 100 })],
    ['another tenant, same principal', () => ({ tenant: beta.tenantId })],
    ['the slug for the tenant', () => ({ tenant: 'acme' })],
    ['the principal in capitals', () => ({ sub: alice.toUpperCase() })],
    ['nobody', () => ({ sub: '01890a5d-ac96-774b-bcce-b302099a8057' })],
    ['another epoch', () => ({ lg: { ...position(), e: 2 } })],
    ['a position far ahead of the ledger', () => ({ lg: { ...position(), L: 1e9 } })],
    ['a negative position', () => ({ lg: { ...position(), a: -1 } })],
  ])('%s', async (_, change) => {
    const now = Math.floor(Date.now() / 1000);
    const forged = await signer.sign({ ...claims, ...change(now) });
    // Where a service cannot tell yet it says so, which is no yes either.
    const verdict = await accepted(forged).catch((error: Error) =>
      error.message.includes('UNAVAILABLE') ? no : error,
    );
    expect(verdict).toEqual(no);
  });

  it('of the system tenant, for a principal of another', async () => {
    const forged = await signer.sign({ ...claims, tenant: 'system' });
    expect(await accepted(forged)).toEqual(no);
  });
});

describe('Zitadel CVE-2026-27840: a truncated token is no token', () => {
  it('neither service takes a token that was cut or changed', async () => {
    const texts: string[] = [];
    for (let at = 0; at < token.length; at += 11) {
      texts.push(token.slice(0, at), token.slice(at + 1));
      texts.push(`${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`);
    }
    for (let cut = 1; cut <= 8; cut++) texts.push(token.slice(0, -cut));
    texts.push(
      `${token}A`,
      `${token}=`,
      `${token}.`,
      `Bearer ${token}`,
      token.toLowerCase(),
      ` ${token}`,
    );
    const refused = texts.filter((text) => text !== '' && text !== token);
    for (let from = 0; from < refused.length; from += 50) {
      const some = refused.slice(from, from + 50);
      expect(await Promise.all(some.map(accepted))).toEqual(some.map(() => no));
    }
  });
});
