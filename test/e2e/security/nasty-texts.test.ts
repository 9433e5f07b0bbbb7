import { status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthorizerServiceService as Authorizer } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { everyMethod, shortName } from '../../support/identity/every-method.js';
import { adminPassword, logIn } from '../../support/identity/tenant-setup.js';
import {
  byKey,
  byPassword,
  bySubject,
  byToken,
  startPair,
  type Pair,
} from '../../support/ledgate/running-pair.js';
import { setUpShop, type Shop } from '../../support/ledgate/shop.js';

/** What has broken parsers, stores and prototypes before. */
const texts = [
  '\0',
  'a\0b',
  '/',
  '/principal:',
  'a/../b',
  ':',
  ',',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '$&',
  '%00',
  '{"a":1}',
  '\u202e\u2066',
  '\uffff',
  '\u{1f4a9}'.repeat(500),
  'é'.repeat(1_000),
  'a'.repeat(1_979),
  'a'.repeat(10_000),
  'a'.repeat(300_000),
  'a:'.repeat(5_000),
  '*',
  'a:*',
  '-1',
  '9'.repeat(400),
];
const faults = new Set([status.INTERNAL, status.UNKNOWN, status.UNAVAILABLE, status.DATA_LOSS]);
const nested = ['options', 'profile', 'permission', 'page'];

let pair: Pair;
let shop: Shop;

beforeAll(async () => {
  pair = await startPair();
  shop = await setUpShop(pair, 'acme');
});
afterAll(async () => pair.close());

/** Every text of the request, also those one message deeper, set to this one. */
function filled(request: Record<string, unknown>, text: string): Record<string, unknown> {
  const entries = Object.entries(request).map(([name, value]): [string, unknown] => {
    if (typeof value === 'string') return [name, text];
    if (Array.isArray(value)) return [name, [text, text]];
    if (!nested.includes(name)) return [name, value];
    const named = { name: text, displayName: text, description: text, locale: text, reason: text };
    const other = {
      commandId: text,
      resourceType: text,
      risk: 1,
      maxStalenessMs: 0n,
      auditRequired: false,
    };
    const fields = { ...named, ...other, pageSize: 1, pageToken: text };
    return [name, fields];
  });
  return Object.fromEntries(entries);
}

/** One request for each text field, with the others as they are. */
function oneByOne(request: Record<string, unknown>, text: string): Record<string, unknown>[] {
  const all = filled(request, text);
  return [all, ...Object.keys(request).map((name) => ({ ...request, [name]: all[name] }))];
}

async function faultOf(call: Promise<unknown>): Promise<number | undefined> {
  return call.then(
    () => undefined,
    (error: ServiceError) => (faults.has(error.code) ? error.code : undefined),
  );
}

describe('no text in any field is a fault of ours (ASVS 5.0: 16.5.3)', () => {
  it.each(texts.map((text) => [JSON.stringify(text.slice(0, 12)), text.length, text] as const))(
    'identity: %s, %i long',
    async (_, _length, text) => {
      const admin = await logIn(pair, 'acme', 'admin', adminPassword);
      for (const method of everyMethod) {
        const name = shortName(method.path);
        const empty = method.requestDeserialize(Buffer.alloc(0));
        // What these do to the administrator is meant, and no part of this.
        if (/RevokeTokens|SetPassword|DeletePrincipal/.test(name)) continue;
        const requests = oneByOne(empty, text);
        const found = await Promise.all(
          requests.map((request) => faultOf(pair.call(method, request, admin))),
        );
        expect([name, found.filter((code) => code !== undefined)]).toEqual([name, []]);
      }
      expect(pair.logged.filter((line) => line.includes('"level":"error"'))).toEqual([]);
    },
  );

  it('the authorizer: all of them, everywhere', async () => {
    const found: unknown[] = [];
    for (const text of texts) {
      const whos = [
        bySubject(text, text),
        bySubject(shop.tenantId, text),
        byKey(text),
        byToken(text),
        byPassword(text, text, text),
        byPassword('acme', text, text),
      ];
      for (const who of whos) {
        const consistency = { requirement: { $case: 'atLeastAsFresh' as const, value: text } };
        const list = { who, resource: text, consistency: undefined, pageSize: 0, pageToken: text };
        const question = { who, action: text, resource: text, consistency: undefined };
        const { authorizer } = pair;
        const codes = await Promise.all([
          faultOf(pair.authenticate(who, shop.backend)),
          faultOf(authorizer.call(Authorizer.authorize, question, shop.backend)),
          faultOf(authorizer.call(Authorizer.explain, question, shop.backend)),
          faultOf(authorizer.call(Authorizer.listPermissions, list, shop.backend)),
          faultOf(
            authorizer.call(Authorizer.authorize, { ...question, consistency }, shop.backend),
          ),
          faultOf(
            authorizer.call(
              Authorizer.batchAuthorize,
              { requests: [question, question], consistency: undefined },
              shop.backend,
            ),
          ),
        ]);
        found.push(...codes.map((code, at) => [code, at, who, text.slice(0, 20)]));
      }
    }
    expect(found.filter((one) => Array.isArray(one) && one[0] !== undefined)).toEqual([]);
    expect(pair.logged.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  });
});
