import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  AuthorizerServiceService as Authorizer,
  Decision,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { setUpApiKey, setUpUser } from '../../support/identity/tenant-setup.js';
import {
  byKey,
  byPassword,
  bySubject,
  byToken,
  startPair,
  type Pair,
  type Question,
} from '../../support/ledgate/running-pair.js';
import { setUpShop, shopActions, type Shop } from '../../support/ledgate/shop.js';

const seed = 20_260_401;
const password = 'seven quiet lanterns';
const prefixes = ['', 'a', 'a/b', 'a/bc', 'b'];
const resources = ['a', 'a/b', 'a/b/c', 'a/bc', 'ab', 'b/a', 'c'];
const scopings = [[], ['orders:read'], ['orders:*'], ['invoices:*', 'orders:write']];

interface Holding {
  readonly permissions: readonly string[];
  readonly prefix: string;
}

/** Somebody by one of the credentials, with what the answer must be. */
interface Asked {
  readonly who: Question['who'];
  readonly holdings: readonly Holding[];
  readonly scopes: readonly string[];
}

let pair: Pair;
let shop: Shop;
let asked: Asked[];

const matches = (pattern: string, action: string): boolean =>
  pattern === action || (pattern.endsWith(':*') && action.startsWith(pattern.slice(0, -1)));

/** The rule in one line, written without a look at the evaluator. */
function expected({ holdings, scopes }: Asked, action: string, resource: string): Decision {
  const held = holdings.some(
    ({ permissions, prefix }) =>
      permissions.includes(action) &&
      (prefix === '' || resource === prefix || resource.startsWith(`${prefix}/`)),
  );
  const covered = scopes.length === 0 || scopes.some((scope) => matches(scope, action));
  return held && covered ? Decision.DECISION_ALLOW : Decision.DECISION_DENY;
}

async function setUpSomebody(name: string, holdings: readonly Holding[]): Promise<Asked[]> {
  const id = await setUpUser(pair, shop.admin, name, password);
  for (const [at, { permissions, prefix }] of holdings.entries()) {
    await shop.grant(id, await shop.role(`${name}-${at}`, [...permissions]), prefix);
  }
  const credentials: Asked[] = [
    { who: bySubject(shop.tenantId, id), holdings, scopes: [] },
    { who: byPassword(shop.slug, name, password), holdings, scopes: [] },
  ];
  for (const scopes of scopings) {
    const login = { tenant: shop.slug, loginName: name, password, scopes };
    const { accessToken } = await pair.call(Tokens.login, login);
    const { apiKey } = await setUpApiKey(pair, shop.admin, id, { scopes });
    credentials.push({ who: byToken(accessToken), holdings, scopes });
    credentials.push({ who: byKey(apiKey), holdings, scopes });
  }
  return credentials;
}

beforeAll(async () => {
  pair = await startPair();
  shop = await setUpShop(pair, 'acme');
  const holding = fc.record({
    permissions: fc.subarray([...shopActions], { minLength: 1 }),
    prefix: fc.constantFrom(...prefixes),
  });
  const people = fc.sample(fc.array(holding, { maxLength: 3 }), { numRuns: 5, seed });
  asked = [];
  for (const [at, holdings] of people.entries()) {
    asked.push(...(await setUpSomebody(`user-${at}`, holdings)));
  }
  // From here on nothing is written: one question that waits for all of it is enough.
  await pair.authorize({ who: asked[0]?.who, action: 'orders:read', resource: 'a' }, shop.backend);
});
afterAll(async () => pair.close());

const cases = () =>
  asked.flatMap((one) =>
    shopActions.flatMap((action) =>
      resources.map((resource) => ({
        question: { who: one.who, action, resource, consistency: undefined },
        expected: expected(one, action, resource),
      })),
    ),
  );

describe('OpenFGA CVE-2024-56323, -2026-33729, -41131, SpiceDB CVE-2026-55866: caches never change an answer', () => {
  it('cold, warm, and all at once', async () => {
    const all = cases();
    expect(new Set(all.map((one) => one.expected)).size).toBe(2);
    for (let round = 0; round < 3; round++) {
      const mixed = fc.sample(fc.shuffledSubarray(all, { minLength: all.length }), {
        numRuns: 1,
        seed: seed + round,
      })[0]!;
      const answers = await Promise.all(
        mixed.map(({ question }) =>
          pair.authorizer.call(Authorizer.authorize, question, shop.backend),
        ),
      );
      expect(answers.map(({ decision }) => decision)).toEqual(mixed.map((one) => one.expected));
    }
  });

  it('keys of caches are injective: no other split of name and password is the same claim', async () => {
    const { admin, backend, slug } = shop;
    const people = [
      ['kim', 'berly.seven lanterns'],
      ['kimberly', '.seven lanterns'],
    ] as const;
    for (const [name, secret] of people) await setUpUser(pair, admin, name, secret);
    const claims = [
      ...people.map(([name, secret]) => [slug, name, secret, true] as const),
      [slug, 'kimb', 'erly.seven lanterns', false] as const,
      [slug, 'kim', '.seven lanterns', false] as const,
      [slug, 'kimberly', 'berly.seven lanterns', false] as const,
      [`${slug}kim`, '', 'berly.seven lanterns', false] as const,
    ];
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(
        claims.map(async ([tenant, name, secret]) => {
          const claim = byPassword(tenant, name || 'x', secret);
          return (await pair.authenticate(claim, backend)).authenticated;
        }),
      );
      expect(answers).toEqual(claims.map(([, , , good]) => good));
    }
  });
});

describe('OpenFGA CVE-2026-34972, -2023-40579, SpiceDB CVE-2025-65111: one answer, whichever way it is asked', () => {
  it('a batch is the answers of its questions, in their order', async () => {
    const all = cases();
    for (let from = 0; from < all.length; from += 250) {
      const some = all.slice(from, from + 250);
      const requests = some.map(({ question }) => question);
      const batch = { requests, consistency: undefined };
      const { responses } = await pair.authorizer.call(
        Authorizer.batchAuthorize,
        batch,
        shop.backend,
      );
      expect(responses.map(({ decision }) => decision)).toEqual(some.map((one) => one.expected));
    }
  });

  it('a list holds exactly what a check allows', async () => {
    for (const one of asked) {
      for (const resource of resources) {
        const request = {
          who: one.who,
          resource,
          consistency: undefined,
          pageSize: 0,
          pageToken: '',
        };
        const list = await pair.authorizer.call(Authorizer.listPermissions, request, shop.backend);
        const allowed = shopActions.filter(
          (action) => expected(one, action, resource) === Decision.DECISION_ALLOW,
        );
        expect(list.permissions.map(({ permission }) => permission).toSorted()).toEqual(
          allowed.toSorted(),
        );
      }
    }
  });
});
