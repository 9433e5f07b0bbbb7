import { describe, expect, it } from 'vitest';
import { createLogger } from '#libs/runtime/log.js';
import { Secret } from '#libs/runtime/secret.js';

const apiKey = `lgk_${'Ab3'.repeat(14)}x_a1B2c3`;
const jwt = `eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJwIn0.c2lnbmF0dXJl`;

function capture(): { readonly lines: string[]; readonly log: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  return { lines, log: createLogger({ service: 'test', level: 'debug', destination }) };
}

describe('createLogger', () => {
  it('writes one JSON object with service, level and time', () => {
    const { lines, log } = capture();
    log.child({ requestId: 'r1' }).info({ position: 7 }, 'folded');
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).toMatchObject({ service: 'test', level: 'info', requestId: 'r1', position: 7 });
    expect(line['time']).toMatch(/^\d{4}-.*Z$/);
  });

  it.each([
    'authorization',
    'Authorization',
    'password',
    'new_password',
    'newPassword',
    'token',
    'access-token',
    'api_key',
    'apiKey',
    'private_key',
  ])('removes the field %s at any depth (ASVS 16.2.5)', (name) => {
    const { lines, log } = capture();
    log.info({ [name]: 'hunter2', a: { [name]: 'hunter2', list: [{ [name]: ['hunter2'] }] } }, 'x');
    log.child({ [name]: 'hunter2' }).warn('y');
    expect(lines.join()).not.toContain('hunter2');
    expect(lines.join()).toContain('[redacted]');
  });

  it('removes API keys and signed tokens from texts, messages, arguments, errors and causes', () => {
    const { lines, log } = capture();
    const error = new Error(`bad ${apiKey}`, { cause: new Error(`inner ${jwt}`) });
    log.info(`text ${apiKey} and ${jwt}`);
    log.info({ note: `Bearer ${jwt}` }, 'with %s', apiKey);
    log.error(error);
    log.error({ err: error, cut: apiKey.slice(0, 30), nested: { at: [jwt] } }, 'oops');
    const all = lines.join();
    expect(lines).toHaveLength(4);
    expect(all).not.toMatch(/Ab3Ab3|eyJ|c2lnbmF0dXJl/);
    expect(all).toContain('log.test.ts');
  });

  it('does not trust what an object says of itself, and writes big integers and dates', () => {
    const { lines, log } = capture();
    const metadata = { toJSON: () => ({ authorization: ['Bearer hunter2'] }) };
    log.info({ metadata, position: 2n ** 60n, at: new Date(0) }, 'x');
    expect(lines[0]).not.toContain('hunter2');
    expect(lines[0]).toContain('"position":"1152921504606846976","at":"1970-01-01T00:00:00.000Z"');
  });

  it('shows neither secrets nor bytes, and survives cycles', () => {
    const { lines, log } = capture();
    const cyclic: Record<string, unknown> = { bytes: new Uint8Array([1, 2, 3]) };
    cyclic['self'] = cyclic;
    log.info({ key: new Secret('hunter2'), cyclic }, 'x');
    expect(lines[0]).toContain('[secret]');
    expect(lines[0]).toContain('[3 bytes]');
    expect(lines[0]).not.toContain('hunter2');
  });
});
