import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { pathSegments } from '#libs/access/endpoint/request-path.js';
import { fillResource, resourceTemplateProblem } from '#libs/access/endpoint/resource-template.js';
import { clash, RuleTable } from '#libs/access/endpoint/rule-table.js';
import type { EndpointRule } from '#libs/events/catalogue.js';

function rule(method: string, template: string): EndpointRule {
  const protocol = template === '' ? 'GRPC' : 'HTTP';
  const rest = { allScopes: [], anyScopes: [], credentialKinds: [], public: true };
  return { rule: `${method} ${template}`, protocol, method, template, ...rest };
}

/** The words of paths and templates: few, so that they meet. */
const words = ['a', 'A', 'b', 'c'];
const segment = fc.constantFrom(...words, '{x}', '{y}');
const template = fc
  .array(segment, { maxLength: 4 })
  .filter(
    (parts) =>
      new Set(parts.filter((one) => one.startsWith('{'))).size ===
      parts.filter((one) => one.startsWith('{')).length,
  )
  .map((parts) => `/${parts.join('/')}`);
const method = fc.constantFrom('GET', 'HEAD', 'POST');
const rules = fc.array(fc.tuple(method, template), { maxLength: 8 }).map((pairs) => {
  const kept: EndpointRule[] = [];
  for (const [verb, text] of pairs) {
    const next = rule(verb, text);
    if (clash([...kept, next]) === undefined) kept.push(next);
  }
  return kept;
});
const path = fc.array(fc.constantFrom(...words), { maxLength: 4 }).map((p) => `/${p.join('/')}`);

/** Segment by segment, and the one with the most literals: as the documentation says it. */
function naive(all: readonly EndpointRule[], verb: string, text: string): string {
  const parts = text === '/' ? [] : text.slice(1).split('/');
  const like = all
    .filter((one) => one.method === verb)
    .filter(({ template: t }) => {
      const own = t === '/' ? [] : t.slice(1).split('/');
      return (
        own.length === parts.length &&
        own.every((o, i) => o.startsWith('{') || o.toLowerCase() === parts[i]?.toLowerCase())
      );
    })
    .toSorted((one, other) => params(one) - params(other));
  const [best] = like;
  if (best === undefined) return verb === 'HEAD' ? naive(all, 'GET', text) : 'NOTHING';
  const exact = best.template
    .slice(1)
    .split('/')
    .every((o, i) => o === '' || o.startsWith('{') || o === parts[i]);
  return exact ? best.rule : 'MALFORMED';
}

const params = ({ template: t }: EndpointRule): number => t.split('{').length;

function found(table: RuleTable, verb: string, text: string): string {
  const match = table.find({ protocol: 'HTTP', method: verb, path: text });
  return match.found === 'RULE' ? match.rule.rule : match.found;
}

describe('matching a call', () => {
  it('is what a naive matcher says, in whatever order the rules were given', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(rules, fc.array(fc.tuple(method, path)), (given, calls) => {
        const table = new RuleTable(given);
        const turned = new RuleTable(given.toReversed());
        for (const [verb, text] of calls) {
          const expected = naive(given, verb, text);
          seen.add(expected.length > 9 ? expected.slice(0, 9) : expected);
          expect(found(table, verb, text)).toBe(expected);
          expect(found(turned, verb, text)).toBe(expected);
        }
      }),
      { numRuns: 600 },
    );
    expect([...seen]).toEqual(expect.arrayContaining(['NOTHING', 'MALFORMED', 'GET /a']));
  });

  it('leaves no two rules that match one path with the same rank, in whatever order', () => {
    fc.assert(
      fc.property(template, template, path, (one, other, text) => {
        const pair = [rule('GET', one), rule('GET', other)];
        const clashes = clash(pair) !== undefined;
        expect(clash(pair.toReversed()) !== undefined).toBe(clashes);
        const both = pair.every((each) => naive([each], 'GET', text) !== 'NOTHING');
        const sameRank = new Set(pair.map(params)).size === 1;
        expect([one, other, clashes || !both || !sameRank]).toEqual([one, other, true]);
      }),
    );
  });

  it('takes gRPC methods exactly, with their slash (grpc-go CVE-2026-33186)', () => {
    const table = new RuleTable([rule('/shop.v1.Orders/GetOrder', '')]);
    const find = (name: string) => table.find({ protocol: 'GRPC', method: name }).found;
    expect(find('/shop.v1.Orders/GetOrder')).toBe('RULE');
    for (const name of [
      '/shop.v1.orders/GetOrder',
      '/shop.v1.Orders/GetOrder/',
      'shop.v1.Orders/GetOrder',
      '',
    ]) {
      expect([name, find(name)]).toEqual([name, 'NOTHING']);
    }
  });

  it('decodes parameters once, and never a delimiter', () => {
    const table = new RuleTable([rule('GET', '/orders/{id}')]);
    const idOf = (text: string): string | undefined => {
      const match = table.find({ protocol: 'HTTP', method: 'GET', path: text });
      return match.found === 'RULE' ? match.parameters.get('id') : match.found;
    };
    expect(idOf('/orders/17')).toBe('17');
    expect(idOf('/orders/a%20b')).toBe('a b');
    expect(idOf('/orders/%C3%A9')).toBe('é');
    expect(idOf('/orders/%C3')).toBe('MALFORMED');
    expect(idOf('/orders/%ff')).toBe('MALFORMED');
  });
});

/** Paths that somebody on the way may read differently (security.md: raw paths). */
const ambiguous = [
  '', 'orders', '//', '/orders/', '//orders', '/orders//17', '/.', '/..', '/orders/.', '/orders/..',
  '/orders/../admin', '/orders/./17', '/orders/%2e%2e/admin', '/orders/%2E', '/orders%2f17',
  '/orders%2F17', '/orders%5c17', '/orders\\17', '/orders/17%00', '/orders/17%0a', '/orders/%2500',
  '/orders/%252e%252e', '/orders/17;x=1', '/orders/17?x', '/orders/17#x', '/orders/17 ', '/orders/é',
  '/orders/%zz', '/orders/%', '/orders/%4', '/%6frders', '/order%73', '/orders/%31', '/orders/%7E',
  '/orders/\t', '/orders/\n17', '/orders/\u0000', 'http://host/orders', '*', '/orders/%7f',
  `/${'a'.repeat(4_096)}`, '/a'.repeat(33),
]; // prettier-ignore

describe('a path that could be read in two ways', () => {
  it.each(ambiguous)('%j is refused, not repaired', (text) => {
    expect(pathSegments(text)).toBeUndefined();
    const table = new RuleTable([rule('GET', '/orders/{id}'), rule('GET', '/{any}')]);
    expect(found(table, 'GET', text)).toBe('MALFORMED');
  });

  it('leaves the others alone', () => {
    for (const text of [
      '/',
      '/orders',
      '/orders/17',
      '/a:b@c',
      "/it's",
      '/a+b',
      '/x%3by',
      '/~me',
    ]) {
      expect([text, pathSegments(text) !== undefined]).toEqual([text, true]);
    }
  });
});

describe('resource templates', () => {
  it('take one segment for each name, or name nothing', () => {
    const fill = (template: string, values: Record<string, string>) =>
      fillResource(template, (name) => values[name]);
    expect(fill('', {})).toBe('');
    expect(fill('orders/{id}', { id: '17' })).toBe('orders/17');
    expect(fill('p/{a.b}/{c}', { 'a.b': 'x', c: 'y z' })).toBe('p/x/y z');
    for (const id of ['', 'a/b', '..', '.', 'a%2fb', 'a\\b', 'a\u0000']) {
      expect([id, fill('orders/{id}', { id })]).toEqual([id, undefined]);
    }
    expect(fill('orders/{id}', {})).toBeUndefined();
  });

  it('are refused when they are malformed', () => {
    for (const text of ['/orders', 'orders/', 'a//b', 'a/{', 'a/{b}c', 'a/..', '{1}', 'x%2fy']) {
      expect([text, resourceTemplateProblem(text) !== undefined]).toEqual([text, true]);
    }
    expect(resourceTemplateProblem('projects/{project}/orders/{order.id}')).toBeUndefined();
  });
});
