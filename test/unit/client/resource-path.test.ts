import { describe, expect, it } from 'vitest';
import {
  checkedResource,
  resourcePath,
  resourceTemplate,
} from '#libs/client/guard/resource-path.js';

/** Values that would make a path name something else: each must be refused, none repaired. */
const hostile = [
  '',
  '.',
  '..',
  'a/b',
  '/',
  '../x',
  'a\\b',
  '%2f',
  'a%2Fb',
  '%2e%2e',
  '%252f',
  '%5c',
  'a\u0000b',
  'a\nb',
  'e\u0301',
  '\ud800',
  undefined,
  null,
  {},
  ['a'],
];
const bad = expect.objectContaining({ kind: 'BAD_QUESTION', reason: 'RESOURCE_INVALID' }) as Error;

describe('resourceTemplate', () => {
  it('fills whole segments', () => {
    const template = resourceTemplate('projects/{project}/orders/{order.id}');
    const values: Record<string, unknown> = { project: 'acme', 'order.id': 17n };
    expect(template((name) => values[name])).toBe('projects/acme/orders/17');
  });

  it.each(hostile.map((value) => [value]))('refuses the value %j', (value) => {
    expect(() => resourceTemplate('orders/{id}')(() => value)).toThrow(bad);
  });

  it.each(['', '/orders', 'orders/', 'a//b', 'a/../b', 'orders/x{id}', '{', '{}', '{a-b}', 'a%2f'])(
    'does not compile %j',
    (template) => {
      expect(() => resourceTemplate(template)).toThrow(TypeError);
    },
  );
});

describe('resourcePath', () => {
  it('joins texts and values', () => {
    expect(resourcePath`projects/${'acme'}/orders/${17}`).toBe('projects/acme/orders/17');
    expect(resourcePath`orders`).toBe('orders');
  });

  it.each(hostile.map((value) => [value]))('refuses the value %j', (value) => {
    expect(() => resourcePath`orders/${value}/items`).toThrow(bad);
  });

  it('refuses values that make a dot segment together', () => {
    expect(() => resourcePath`orders/.${'.'}/x`).toThrow(bad);
    expect(() => resourcePath`a${'%'}2fb`).toThrow(bad);
  });
});

describe('checkedResource', () => {
  it('leaves a good resource as it is', () => {
    expect(checkedResource('projects/Acme/ü')).toBe('projects/Acme/ü');
  });

  it.each(['/a', 'a/', 'a//b', 'a/./b', 'a/../b', 'a\\b', 'a%2Fb'])('refuses %j', (resource) => {
    expect(() => checkedResource(resource)).toThrow(bad);
  });
});
