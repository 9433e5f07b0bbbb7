import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ConfigError, readEnv, type EnvOptions, type EnvShape } from '#libs/runtime/env.js';
import { count, durationMs, flag, hostPort, list, secret } from '#libs/runtime/env-types.js';

const shape = {
  LEDGATE_LISTEN: hostPort().default('127.0.0.1:0'),
  LEDGATE_MASTER_KEY: secret(),
  LEDGATE_STALENESS_LIMIT: durationMs(0, 60_000).default(5_000),
  LEDGATE_ALLOW_PLAINTEXT: flag().default(false),
  LEDGATE_BROKERS: list().optional(),
  LEDGATE_MAX_STREAMS: count(1, 1000).default(100),
};

function problemsOf(wanted: EnvShape, options: EnvOptions): readonly string[] {
  try {
    readEnv(wanted, options);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe('readEnv', () => {
  it('reads values, defaults and absent options', () => {
    const env = {
      LEDGATE_MASTER_KEY: 'k',
      LEDGATE_STALENESS_LIMIT: '15s',
      LEDGATE_BROKERS: 'a, b',
    };
    const config = readEnv(shape, { env });
    expect(config.LEDGATE_STALENESS_LIMIT).toBe(15_000);
    expect(config.LEDGATE_ALLOW_PLAINTEXT).toBe(false);
    expect(config.LEDGATE_BROKERS).toEqual(['a', 'b']);
    expect(config.LEDGATE_MASTER_KEY.reveal()).toBe('k');
  });

  it('reads the file that NAME_FILE names, without its last line break', () => {
    const files = new Map([['/run/secrets/k', 'abc \r\n']]);
    const readFile = (path: string): string => files.get(path) ?? '';
    const env = { LEDGATE_MASTER_KEY_FILE: '/run/secrets/k' };
    expect(readEnv(shape, { env, readFile }).LEDGATE_MASTER_KEY.reveal()).toBe('abc ');
  });

  it('refuses NAME together with NAME_FILE, and a file that cannot be read', () => {
    const both = { LEDGATE_MASTER_KEY: 'k', LEDGATE_MASTER_KEY_FILE: '/f' };
    expect(problemsOf(shape, { env: both })).toEqual([
      'LEDGATE_MASTER_KEY and LEDGATE_MASTER_KEY_FILE are both set: keep one',
    ]);
    const absent = { LEDGATE_MASTER_KEY_FILE: '/nowhere/key' };
    expect(problemsOf(shape, { env: absent })).toEqual([
      'LEDGATE_MASTER_KEY_FILE: cannot read /nowhere/key (ENOENT)',
    ]);
  });

  it('refuses an unknown LEDGATE_ variable and hints at the nearest', () => {
    const env = { LEDGATE_MASTER_KEY: 'k', LEDGATE_STALENES_LIMIT: '1s', PATH: '/bin' };
    expect(problemsOf(shape, { env })).toEqual([
      'LEDGATE_STALENES_LIMIT is not a setting: did you mean LEDGATE_STALENESS_LIMIT?',
    ]);
    expect(problemsOf(shape, { env, alsoKnown: ['LEDGATE_STALENES_LIMIT'] })).toEqual([]);
  });

  it('tells every problem at once and no value', () => {
    const env = {
      LEDGATE_LISTEN: 'hunter2',
      LEDGATE_STALENESS_LIMIT: '61s',
      LEDGATE_ALLOW_PLAINTEXT: 'hunter2',
      LEDGATE_BROKERS: 'hunter2,,b',
      LEDGATE_MAX_STREAMS: '1e3',
    };
    const problems = problemsOf(shape, { env });
    expect(problems).toHaveLength(6);
    expect(problems).toContain('LEDGATE_MASTER_KEY: not set');
    expect(problems.join()).not.toContain('hunter2');
  });

  it.each(['-1', '1.5', '', ' 1', '1 ', '0x10', '1001', '9'.repeat(20)])(
    'count refuses %j',
    (text) => {
      expect(count(0, 1000).safeParse(text).success).toBe(false);
    },
  );

  it.each([
    ['0', 0],
    ['250ms', 250],
    ['2m', 120_000],
    ['1d', 86_400_000],
  ])('durationMs reads %s', (text, ms) => expect(durationMs().parse(text)).toBe(ms));

  it.each(['1', '1.5s', 's', '-1s', '1S', '1s '])('durationMs refuses %j', (text) => {
    expect(durationMs().safeParse(text).success).toBe(false);
  });

  it.each(['127.0.0.1:50051', '[::1]:0', 'host.example:65535'])('hostPort reads %s', (text) => {
    expect(hostPort().parse(text)).toBe(text);
  });

  it.each(['127.0.0.1', '::1:0', 'host:65536', 'http://host:1', ':1'])(
    'hostPort refuses %j',
    (text) => {
      expect(hostPort().safeParse(text).success).toBe(false);
    },
  );

  it('never prints a secret', () => {
    const value = secret().parse('hunter2');
    const shown = [
      value.toString(),
      JSON.stringify({ value }),
      inspect({ value }),
      String(value),
    ].join();
    expect(shown).not.toContain('hunter2');
    expect(shown).toContain('[secret]');
    expect(Object.keys(value)).toEqual([]);
  });

  it('takes any zod type', () => {
    expect(readEnv({ LEDGATE_X: z.url() }, { env: { LEDGATE_X: 'https://a.example' } })).toEqual({
      LEDGATE_X: 'https://a.example',
    });
  });
});
