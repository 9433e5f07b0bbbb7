import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { FileDescriptorSetSchema, MethodOptionsSchema } from '@bufbuild/protobuf/wkt';
import { afterAll, describe, expect, it } from 'vitest';
import { Authorize } from '#proto/ledgate/v1/authorize.js';
import { readSources } from '#services/ledgate/rules/read-source.js';
import { askedText, placeText } from '#services/ledgate/rules/rule-draft.js';
import { diffLines, rulesDiff } from '#services/ledgate/rules/rules-diff.js';

const folder = mkdtempSync(join(tmpdir(), 'ledgate-read-rules-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A document of one operation. */
function document(operation: object, more: object = {}): string {
  const paths = { '/orders/{id}': { get: operation } };
  return JSON.stringify({ openapi: '3.1.0', paths, ...more });
}

/** Descriptors of one service, whose method has the option in as many pieces as are given. */
function descriptors(...pieces: readonly Partial<Authorize>[]): Uint8Array {
  const set = create(FileDescriptorSetSchema, {
    file: [{ package: 'shop.v1', service: [{ name: 'Orders', method: [{ name: 'Get' }] }] }],
  });
  const method = set.file[0]?.service[0]?.method[0];
  if (method === undefined) throw new TypeError('no method');
  if (pieces.length > 0) method.options = create(MethodOptionsSchema);
  if (method.options !== undefined) {
    method.options.$unknown = pieces.map((piece) => {
      const bytes = Authorize.encode(Authorize.fromPartial(piece)).finish();
      const data = Uint8Array.of(bytes.length, ...bytes);
      return { no: 57480, wireType: WireType.LengthDelimited, data };
    });
  }
  return toBinary(FileDescriptorSetSchema, set);
}

const read = (path: string, prefix = '') => readSources([path], prefix);
const texts = ({ rules }: ReturnType<typeof read>) =>
  rules.map((rule) => `${placeText(rule)}: ${askedText(rule)}`);

describe('OpenAPI documents', () => {
  it('say it with x-ledgate-*, as YAML or JSON', () => {
    const yaml = `
openapi: 3.0.3
x-ledgate-api: shop
servers: [{url: https://api.example/v1}]
paths:
  /orders/{id}:
    get:
      x-ledgate-permission: orders:read
      x-ledgate-resource: orders/{id}
      x-ledgate-scopes: [b, a]
      x-ledgate-any-scopes: [c]
      x-ledgate-min-acr: urn:ledgate:acr:2
      x-ledgate-max-auth-age: 5m
      x-ledgate-credentials: [session, API_KEY]
      x-ledgate-max-staleness: 10s
    post: {}
    parameters: []
  /: {get: {x-ledgate-public: true}}
`;
    const found = read(file('a.yaml', yaml));
    expect(texts(found)).toEqual([
      'GET /orders/{id}: permission orders:read, resource orders/{id}, scopes a b, ' +
        'any scope of c, acr urn:ledgate:acr:2, max age 300s, credentials API_KEY SESSION, ' +
        'max staleness 10s',
      'GET /: public',
    ]);
    expect(found).toMatchObject({ api: 'shop', closed: ['POST /orders/{id}'] });
    expect(found.notes).toEqual([expect.stringContaining('/v1')]);
    const below = read(file('a.yaml', yaml), '/v1');
    expect(below.rules.map(placeText)).toEqual(['GET /v1/orders/{id}', 'GET /v1']);
    expect(below.notes).toEqual([]);
  });

  it.each([
    ['a misspelt word', document({ 'x-ledgate-permision': 'a:b' }), 'x-ledgate-permision'],
    ['a word of another place', document({}, { 'x-ledgate-scopes': [] }), 'not known here'],
    ['a text for a list', document({ 'x-ledgate-scopes': 'a' }), 'a list of texts'],
    ['no real yes', document({ 'x-ledgate-public': 'yes' }), 'true, or left out'],
    ['a number for a time', document({ 'x-ledgate-max-auth-age': 5 }), 'a time such as'],
    ['an unknown kind', document({ 'x-ledgate-credentials': ['BADGE'] }), 'no kind of credential'],
    ['another version', document({}, { openapi: '2.0' }), 'no OpenAPI 3'],
    ['no object', document([], {}).replace('[]', '7'), 'is not an object'],
    ['no document', '{', 'neither YAML nor JSON'],
  ])('with %s are refused', (_, content, text) => {
    expect(() => read(file('bad.json', content))).toThrow(text);
  });
});

describe('descriptors', () => {
  it('say it with the option, which may come in pieces', () => {
    const whole = { permission: 'orders:read', resource: 'orders/{id}', scopes: ['a'] };
    expect(texts(read(file('a.binpb', descriptors(whole))))).toEqual([
      '/shop.v1.Orders/Get: permission orders:read, resource orders/{id}, scopes a',
    ]);
    const pieces = descriptors({ permission: 'orders:read' }, { maxAuthAgeSeconds: 60 });
    expect(texts(read(file('b.binpb', pieces)))).toEqual([
      '/shop.v1.Orders/Get: permission orders:read, max age 60s',
    ]);
    expect(read(file('c.binpb', descriptors())).closed).toEqual(['/shop.v1.Orders/Get']);
  });

  it('are refused when they are none, or describe nothing', () => {
    expect(() => read(file('a.txt', 'plain text'))).toThrow('FileDescriptorSet');
    expect(() => read(file('empty.binpb', new Uint8Array()))).toThrow('describes no service');
    expect(() => read(join(folder, 'missing.binpb'))).toThrow('cannot be read');
  });
});

describe('several files', () => {
  it('are the rules of one API together', () => {
    const http = file('a.json', document({ 'x-ledgate-public': true }));
    const grpc = file('a.binpb', descriptors({ public: true }));
    const both = readSources([http, grpc], '');
    expect(both.rules.map(placeText)).toEqual(['GET /orders/{id}', '/shop.v1.Orders/Get']);
    expect(both.digest).toMatch(/^[\w-]{43}$/);
    expect(both.digest).not.toBe(readSources([http], '').digest);
    expect(() => readSources([http, http], '')).toThrow('two rules');
    const other = file('b.json', document({}, { 'x-ledgate-api': 'one' }));
    const another = file('c.json', document({}, { 'x-ledgate-api': 'two' }));
    expect(() => readSources([other, another], '')).toThrow('different APIs');
  });
});

describe('the difference', () => {
  it('tells what is added, removed and changed, field by field', () => {
    const [before] = read(file('a.json', document({ 'x-ledgate-permission': 'a:b' }))).rules;
    const [after] = read(file('b.json', document({ 'x-ledgate-permission': 'a:c' }))).rules;
    if (before === undefined || after === undefined) throw new TypeError('no rule');
    const gone = { ...before, pathTemplate: '/gone' };
    const come = { ...after, pathTemplate: '/new' };
    expect(diffLines(rulesDiff([before, gone], [after, come]))).toEqual([
      ['-', 'GET /gone   permission a:b'],
      ['+', 'GET /new   permission a:c'],
      ['~', 'GET /orders/{id}   permission a:b → a:c'],
    ]);
    expect(rulesDiff([before], [{ ...before, ruleId: 'another' }])).toMatchObject({ same: 1 });
  });
});
