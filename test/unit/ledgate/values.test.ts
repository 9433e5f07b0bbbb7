import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { duration, list, moment, whole } from '#services/ledgate/cli/values.js';

describe('values on the command line', () => {
  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['30d', 2_592_000_000],
    ['0s', 0],
  ])('%s is a duration', (text, ms) => expect(duration(text)).toBe(ms));

  it.each(['', '90', 's', '-1s', '1.5h', '1w', '1234567s', '1 s', '1S'])('%j is none', (text) =>
    expect(() => duration(text)).toThrow(InvalidArgumentError),
  );

  it('takes a time, or a duration from now', () => {
    expect(moment('2026-12-31T12:00:00Z')).toBe(BigInt(Date.UTC(2026, 11, 31, 12)));
    const before = BigInt(Date.now());
    const inAnHour = moment('1h');
    expect(inAnHour - before).toBeGreaterThanOrEqual(3_600_000n);
    expect(inAnHour - before).toBeLessThan(3_660_000n);
  });

  it.each(['', 'soon', '1y', '2026-13-01'])('%j is no time', (text) =>
    expect(() => moment(text)).toThrow(InvalidArgumentError),
  );

  it.each(['', '-1', '1.5', '1e3', 'x', '1234567890123456'])('%j is no whole number', (text) =>
    expect(() => whole(text)).toThrow(InvalidArgumentError),
  );

  it('takes whole numbers and lists', () => {
    expect(whole('0')).toBe(0);
    expect(whole('65536')).toBe(65_536);
    expect(list('orders:read, invoices:*')).toEqual(['orders:read', 'invoices:*']);
  });
});
