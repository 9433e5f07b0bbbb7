import { describe, expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { GuessLimits } from '#services/identity/adapters/guess-limits.js';
import { LeakySketch } from '#services/identity/adapters/leaky-sketch.js';
import { sourcePrefix } from '#services/identity/adapters/source-prefix.js';
import { ManualClock } from './manual-clock.js';

function attempt(limits: GuessLimits, source: string, account: string): number {
  try {
    limits.take(source, account);
    return 0;
  } catch (error) {
    if (!(error instanceof Failure) || error.reason !== 'TOO_MANY_REQUESTS') throw error;
    return error.retryAfterMs ?? -1;
  }
}

describe('guess limits', () => {
  it('brake one account over many sources, and let it go on after the wait', () => {
    const clock = new ManualClock();
    const limits = new GuessLimits({ clock, accountBurst: 5, accountPerSecond: 0.1 });
    for (let n = 0; n < 5; n += 1) expect(attempt(limits, `10.0.0.${n}:1`, 'ann')).toBe(0);
    expect(attempt(limits, '10.0.0.9:1', 'ann')).toBe(10_000);
    expect(attempt(limits, '10.0.0.9:1', 'bob')).toBe(0);
    clock.advance(10_000);
    expect(attempt(limits, '10.0.0.9:1', 'ann')).toBe(0);
  });

  it('brake one source over many accounts', () => {
    const clock = new ManualClock();
    const limits = new GuessLimits({ clock, sourceBurst: 50, sourcePerSecond: 1 });
    for (let n = 0; n < 50; n += 1) expect(attempt(limits, '10.0.0.1:7', `user${n}`)).toBe(0);
    expect(attempt(limits, '10.0.0.1:9', 'user99')).toBeGreaterThan(0);
    expect(attempt(limits, '10.0.0.2:9', 'user99')).toBe(0);
  });

  it('count wrong passwords only', () => {
    const limits = new GuessLimits({ clock: new ManualClock(), accountBurst: 3 });
    for (let n = 0; n < 30; n += 1) limits.take('10.0.0.1:7', 'ann').right();
    expect(attempt(limits, '10.0.0.1:7', 'ann')).toBe(0);
  });

  it('cannot be used to shut an owner out of a place where the owner has logged in', () => {
    const limits = new GuessLimits({ clock: new ManualClock(), accountBurst: 3 });
    limits.take('10.0.0.1:7', 'ann').right();
    for (let n = 0; n < 9; n += 1) attempt(limits, `10.9.0.${n}:1`, 'ann');
    expect(attempt(limits, '10.9.0.99:1', 'ann')).toBeGreaterThan(0);
    expect(attempt(limits, '10.0.0.1:8', 'ann')).toBe(0);
    const guesses = Array.from({ length: 9 }, () => attempt(limits, '10.0.0.1:8', 'ann'));
    expect(guesses.filter((waitMs) => waitMs === 0)).toHaveLength(2);
  });
});

describe('an attempt', () => {
  it('is known where its account has logged in before, and never by way of an authorizer', () => {
    const limits = new GuessLimits({ clock: new ManualClock() });
    expect(limits.take('10.0.0.1:7', 'ann').known).toBe(false);
    limits.take('10.0.0.1:7', 'ann').right();
    limits.take(undefined, 'ann').right();
    expect(limits.take('10.0.0.1:9', 'ann').known).toBe(true);
    expect(limits.take('10.0.0.1:9', 'bob').known).toBe(false);
    expect(limits.take('10.0.0.2:9', 'ann').known).toBe(false);
    expect(limits.take(undefined, 'ann').known).toBe(false);
  });

  it('counts against no account when nothing was compared, and makes nobody known', () => {
    const limits = new GuessLimits({ clock: new ManualClock(), accountBurst: 3 });
    for (let n = 0; n < 30; n += 1) limits.take('10.0.0.1:7', 'ann').uncompared();
    expect(limits.take('10.0.0.1:7', 'ann').known).toBe(false);
  });
});

describe('leaky sketch', () => {
  it('never lets more than burst + rate × time through, whatever else comes', () => {
    const sketch = new LeakySketch({ burst: 10, perSecond: 1, width: 64 });
    let passed = 0;
    for (let ms = 0; ms < 100_000; ms += 100) {
      sketch.take(`noise${ms}`, ms);
      if (sketch.take('victim', ms) === 0) passed += 1;
    }
    expect(passed).toBeGreaterThan(0);
    expect(passed).toBeLessThanOrEqual(110);
  });

  it('hardly ever brakes a stranger', () => {
    const sketch = new LeakySketch({ burst: 2, perSecond: 1 });
    let braked = 0;
    for (let n = 0; n < 5_000; n += 1) if (sketch.take(`name${n}`, 0) > 0) braked += 1;
    expect(braked).toBeLessThan(25);
  });
});

describe('source prefix', () => {
  it.each([
    ['203.0.113.9:5000', '203.0.113.9'],
    ['ipv4:203.0.113.9:5000', '203.0.113.9'],
    ['203.0.113.9', '203.0.113.9'],
    ['[2001:db8:1:2:3:4:5:6]:443', '2001:db8:1:2::/64'],
    ['ipv6:[2001:db8:1:2::9]:443', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['unix:/run/x', 'local'],
    ['unknown', 'local'],
  ])('%s → %s', (peer, prefix) => {
    expect(sourcePrefix(peer)).toBe(prefix);
  });
});
