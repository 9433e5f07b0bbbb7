import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Decision } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import {
  LoginNameKind,
  PrincipalServiceService as Principals,
} from '#proto/ledgate/identity/v1/principal.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { everyMethod, shortName } from '../../support/identity/every-method.js';
import type { Method } from '../../support/identity/running-identity.js';
import { logIn, setUpApiKey, setUpUser } from '../../support/identity/tenant-setup.js';
import {
  byKey,
  byPassword,
  bySubject,
  byToken,
  startPair,
  type Pair,
} from '../../support/ledgate/running-pair.js';
import { setUpShop, type Shop } from '../../support/ledgate/shop.js';

const password = 'seven quiet lanterns';
let pair: Pair;
let shop: Shop;
let alice: string;

beforeAll(async () => {
  pair = await startPair();
  shop = await setUpShop(pair, 'acme');
  alice = await setUpUser(pair, shop.admin, 'alice', password);
  const email = { principalId: alice, kind: LoginNameKind.LOGIN_NAME_KIND_EMAIL };
  await pair.call(Principals.addLoginName, { ...email, value: 'alice@café.example' }, shop.admin);
  await shop.grant(alice, await shop.role('clerk', ['orders:read']), 'projects/café');
});
afterAll(async () => pair.close());

/** `undefined`: nobody. */
async function reached(call: Promise<{ principalId: string }>): Promise<string | undefined> {
  return call.then(
    ({ principalId }) => principalId,
    () => undefined,
  );
}

/** Every pathway on which a login name is typed. */
const pathways = (loginName: string, tenant = 'acme') => [
  reached(pair.call(Tokens.login, { tenant, loginName, password })),
  reached(
    pair
      .authenticate(byPassword(tenant, loginName, password), shop.backend)
      .then(({ identity }) => ({ principalId: identity?.principalId ?? fail() })),
  ),
  reached(
    pair
      .call(Principals.getPrincipal, { loginName }, shop.admin)
      .then(({ principal }) => ({ principalId: principal?.principalId ?? fail() })),
  ),
  // Refused for its new password, so only after the name was found and the old one was right.
  reached(
    pair
      .call(Credentials.changePassword, {
        tenantId: tenant,
        loginName,
        currentPassword: password,
        newPassword: password,
      })
      .then(
        () => ({ principalId: alice }),
        (error: Error) =>
          /INVALID_ARGUMENT/.test(error.message) ? { principalId: alice } : fail(),
      ),
  ),
];
function fail(): never {
  throw new Error('nobody');
}

describe('OpenFGA CVE-2026-55170: names and ids are compared one way, on every path', () => {
  it.each([
    'alice',
    'ALICE',
    'Alice',
    'ａｌｉｃｅ',
    'ALICE@café.example',
    'alice@cafe\u0301.example',
  ])('login name %j is alice everywhere', async (name) => {
    expect(await Promise.all(pathways(name))).toEqual([alice, alice, alice, alice]);
  });

  it.each(['аlice', 'alice ', ' alice', 'al\u200bice', 'alice@cafe.example', 'alice\0'])(
    'login name %j is nobody anywhere',
    async (name) => {
      expect(await Promise.all(pathways(name))).toEqual(Array(4).fill(undefined));
    },
  );

  it.each(['ALICE', 'ａｌｉｃｅ', 'alıce'])(
    'and %j cannot be registered beside alice',
    async (username) => {
      const call = pair.call(Principals.createUser, { username }, shop.admin);
      await expect(call).rejects.toThrow('ALREADY_EXISTS');
    },
  );

  it.each(['ACME', 'Acme', 'acme ', 'ａｃｍｅ', 'асmе'])('tenant %j is none', async (tenant) => {
    const [login, basic] = pathways('alice', tenant);
    expect(await Promise.all([login, basic])).toEqual([undefined, undefined]);
  });

  it('principal ids, resources and actions are exact', async () => {
    const ask = async (principalId: string, action: string, resource: string) => {
      const who = bySubject(shop.tenantId, principalId);
      const asked = pair.authorize({ who, action, resource }, shop.backend);
      return asked.then(
        ({ decision }) => decision,
        () => Decision.DECISION_UNSPECIFIED,
      );
    };
    const good = [alice, 'orders:read', 'projects/café/1'] as const;
    expect(await ask(...good)).toBe(Decision.DECISION_ALLOW);
    const variants: (readonly [string, string, string])[] = [
      [alice.toUpperCase(), good[1], good[2]],
      [`${alice} `, good[1], good[2]],
      [alice.replaceAll('-', ''), good[1], good[2]],
      [alice, 'Orders:read', good[2]],
      [alice, 'orders:READ', good[2]],
      [alice, 'orders:read ', good[2]],
      [alice, 'ｏrders:read', good[2]],
      [alice, good[1], 'projects/CAFÉ/1'],
      [alice, good[1], 'Projects/café/1'],
      [alice, good[1], 'projects/cafe\u0301/1'],
      [alice, good[1], 'projects/caf%C3%A9/1'],
      [alice, good[1], 'projects//café/1'],
      [alice, good[1], 'projects/x/../café/1'],
      [alice, good[1], '/projects/café/1'],
      [alice, good[1], 'projects/café/1/'],
      [alice, good[1], 'projects\\café\\1'],
      [alice, good[1], 'projects%2fcafé/1'],
    ];
    for (const variant of variants) {
      expect([variant, await ask(...variant)]).not.toEqual([variant, Decision.DECISION_ALLOW]);
    }
  });

  it('credentials are exact', async () => {
    const { apiKey } = await setUpApiKey(pair, shop.admin, alice);
    const token = await logIn(pair, 'acme', 'alice', password);
    const good = [byKey(apiKey), byToken(token)];
    const other = [apiKey.toLowerCase(), apiKey.toUpperCase(), `${apiKey}\n`].map(byKey);
    const wrong = [...other, byToken(token.toUpperCase()), byToken(apiKey), byKey(token)];
    const isGood = (who: (typeof good)[number]) =>
      pair.authenticate(who, shop.backend).then(
        ({ authenticated }) => authenticated,
        () => false,
      );
    expect(await Promise.all(good.map(isGood))).toEqual([true, true]);
    expect(await Promise.all(wrong.map(isGood))).toEqual(wrong.map(() => false));
  });
});

describe('Zitadel CVE-2026-27946: nobody sets what is not theirs to set', () => {
  /** Fields that no request has, as flag, number and text: where another product keeps `verified`. */
  const extra = Buffer.concat(
    Array.from({ length: 20 }, (_, at) => at + 10).flatMap((field) => [
      tag(field, 0),
      Buffer.from([1]),
      tag(field + 30, 2),
      Buffer.from('\u0004true'),
    ]),
  );

  it('every update, by the owner and by an administrator, with fields that it does not have', async () => {
    const mallory = await setUpUser(pair, shop.admin, 'mallory', password);
    const own = await logIn(pair, 'acme', 'mallory', password);
    const value = 'mallory@mail.example';
    const kind = LoginNameKind.LOGIN_NAME_KIND_EMAIL;
    const about = { principalId: mallory, kind, value };
    const profile = { displayName: 'Mallory', locale: '' };
    const requests = [
      request(Principals.addLoginName, about),
      request(Principals.updateProfile, { principalId: mallory, profile }),
      request(Credentials.createApiKey, { principalId: mallory, name: 'mine' }),
    ];
    for (const bearer of [own, shop.admin]) {
      for (const { path, bytes } of requests) {
        await pair.callRaw(path, Buffer.concat([bytes, extra]), bearer).catch(() => undefined);
      }
    }
    const { principal } = await pair.call(
      Principals.getPrincipal,
      { principalId: mallory },
      shop.admin,
    );
    expect(principal?.loginNames).toMatchObject([
      { value: 'mallory', verified: true },
      { value, verified: false },
    ]);
    expect(principal).toMatchObject({ status: 'ACTIVE', tenantId: shop.tenantId, kind: 1 });
    const { grants } = await pair.call(Grants.listGrants, { principalId: mallory }, shop.admin);
    expect(grants).toEqual([]);
  });

  it('no request of identity has a field for it', () => {
    const forbidden = /verified|status|position|createdAt|sha256|hash|version|kid$/iu;
    const exceptions = new Set([
      'TokenService/RemoveSigningKey',
      'TokenService/CompromiseSigningKey',
      // Of a public key: it proves nothing by itself.
      'ClientService/BindCertificate',
    ]);
    for (const method of everyMethod) {
      const name = shortName(method.path);
      if (exceptions.has(name) || name.includes('LedgerService/')) continue;
      const fields = Object.keys(method.requestDeserialize(Buffer.alloc(0)));
      expect([name, fields.filter((field) => forbidden.test(field))]).toEqual([name, []]);
    }
  });

  it('a user without a role changes nothing of anybody else', async () => {
    const eve = await setUpUser(pair, shop.admin, 'eve', password);
    const own = await logIn(pair, 'acme', 'eve', password);
    const changed: string[] = [];
    for (const method of everyMethod) {
      const name = shortName(method.path);
      if (/\/(Get|List|Login|VerifyPassword|IssueToken)/.test(name)) continue;
      // They are about what the caller holds: a new ticket, a token that it shows.
      if (/\/(StartPasskeyLogin|RevokeToken|IntrospectToken)$/.test(name)) continue;
      const request = {
        ...method.requestDeserialize(Buffer.alloc(0)),
        principalId: alice,
        groupId: alice,
        roleId: alice,
        grantId: alice,
        credentialId: alice,
        name: 'x',
        value: 'eve@mail.example',
        kind: 2,
        scope: 1,
        password: 'eight quiet lanterns',
        profile: { displayName: 'Eve', locale: '' },
      };
      await pair.call(method, request, own).then(
        () => changed.push(name),
        () => undefined,
      );
    }
    expect(changed).toEqual([]);
    expect(eve).not.toBe(alice);
  });
});

function request<Request extends object>(
  method: Method<Request, unknown>,
  given: Partial<Request>,
): { path: string; bytes: Buffer } {
  const whole = { ...method.requestDeserialize(Buffer.alloc(0)), ...given };
  return { path: method.path, bytes: method.requestSerialize(whole) };
}

function tag(field: number, wireType: number): Buffer {
  const value = (field << 3) | wireType;
  return value < 0x80 ? Buffer.from([value]) : Buffer.from([(value & 0x7f) | 0x80, value >> 7]);
}
