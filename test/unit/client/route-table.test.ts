import { describe, expect, it } from 'vitest';
import { RouteTable, type RouteRule } from '#libs/client/http/route-table.js';

const rule = (method: string, path: string, resource = 'orders'): RouteRule => ({
  method,
  path,
  permission: `${method}:${path}`,
  resource,
});

const table = new RouteTable([
  rule('GET', '/orders', 'orders'),
  rule('GET', '/orders/{id}', 'orders/{id}'),
  rule('GET', '/orders/admin', 'admin'),
  { method: 'GET', path: '/orders/public', public: true },
  rule('POST', '/orders/{id}/items/{item}', 'orders/{id}/{item}'),
  { method: 'GET', path: '/', public: true },
]);

/** What the table says: the permission and the resource, or that there is none. */
function judged(method: string, path: string): string {
  const match = table.match(method, path);
  return match.found === 'rule' ? `${match.permission} on ${match.resource({})}` : match.found;
}

describe('RouteTable', () => {
  it.each([
    ['GET', '/', 'public'],
    ['GET', '/orders', 'GET:/orders on orders'],
    ['GET', '/orders/17', 'GET:/orders/{id} on orders/17'],
    ['HEAD', '/orders/17', 'GET:/orders/{id} on orders/17'],
    ['GET', '/orders/J%C3%BCrgen', 'GET:/orders/{id} on orders/Jürgen'],
    ['GET', '/orders/a%20b', 'GET:/orders/{id} on orders/a b'],
    ['GET', '/orders/admin', 'GET:/orders/admin on admin'],
    ['GET', '/orders/public', 'public'],
    ['POST', '/orders/1/items/2', 'POST:/orders/{id}/items/{item} on orders/1/2'],
  ])('%s %s → %s', (method, path, expected) => {
    expect(judged(method, path)).toBe(expected);
  });

  it.each([
    ['POST', '/orders'],
    ['get', '/orders'],
    ['OPTIONS', '/orders'],
    ['GET', '/order'],
    ['GET', '/orders/1/2'],
  ])('has no rule for %s %s', (method, path) => {
    expect(judged(method, path)).toBe('nothing');
  });

  /** Frameworks may take these for a route of the table; none may be judged by another rule. */
  it.each([
    '/Orders',
    '/ORDERS/17',
    '/orders/',
    '//orders',
    '/orders//17',
    '/orders/ADMIN',
    '/orders/%61dmin',
    '/orders/Public',
    '/orders/%70ublic',
    '/orders/pu%62lic',
    '/%6frders/17',
    '/orders/a%2fb',
    '/orders/a%2Fb',
    '/orders/a%5Cb',
    '/orders/a%252fb',
    '/orders/..',
    '/orders/%2e%2e',
    '/orders/.%2E',
    '/orders/./17',
    '/orders/17;x=1',
    '/orders/public#/17',
    '/orders/a\\b',
    '/orders/%',
    '/orders/%zz',
    '/orders/%00',
    '/orders/%ff',
    '/orders/ü',
    '/orders/a b',
    'http://host/orders',
    '*',
    '',
  ])('refuses %j', (path) => {
    expect(judged('GET', path)).toBe('malformed');
  });

  it.each([
    [[rule('GET', 'orders')]],
    [[rule('GET', '/orders/')]],
    [[rule('GET', '/orders/*')]],
    [[rule('GET', '/orders/:id')]],
    [[rule('GET', '/orders/x{id}')]],
    [[rule('GET', '/a/../b')]],
    [[rule('GET', '/orders', '/orders')]],
    [[rule('GET', '/orders/{a}'), rule('GET', '/orders/{b}')]],
    [[rule('GET', '/orders'), rule('get', '/Orders')]],
  ])('does not compile %j', (rules) => {
    expect(() => new RouteTable(rules)).toThrow(TypeError);
  });
});
