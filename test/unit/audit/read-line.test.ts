import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeLine, type DecisionLine, type LogLine } from '#libs/audit/decision-line.js';
import { readLine } from '#libs/audit/read-line.js';

const asker = { kind: 'API_KEY', tenant: 't', credential: 'c' } as const;
const decision: DecisionLine = {
  kind: 'decision',
  id: 'abc-1',
  atMs: 1_800_000_000_000,
  authorizer: 'abc',
  method: 'Authorize',
  caller: asker,
  asked: { kind: 'SUBJECT', tenant: 't', principal: 'alice' },
  action: 'orders:read',
  resource: 'a/b',
  tenant: 't',
  principal: 'alice',
  outcome: 'DENY',
  reason: 'NO_GRANT',
  position: 12,
  chain: '0011223344556677',
  epoch: 1,
  stalenessMs: 3.5,
  hardMs: 300_000,
  sensitiveMs: 15_000,
};

/** The exact bytes of version 1: a log is read for as long as it is kept. */
const golden =
  '{"decisionLog":1,"kind":"decision","id":"abc-1","atMs":1800000000000,"authorizer":"abc",' +
  '"method":"Authorize","caller":{"kind":"API_KEY","tenant":"t","credential":"c"},' +
  '"asked":{"kind":"SUBJECT","tenant":"t","principal":"alice"},"action":"orders:read",' +
  '"resource":"a/b","tenant":"t","principal":"alice","outcome":"DENY","reason":"NO_GRANT",' +
  '"position":12,"chain":"0011223344556677","epoch":1,"stalenessMs":3.5,"hardMs":300000,' +
  '"sensitiveMs":15000}';

const id = fc.string({ maxLength: 40 });
const endpoint = fc.record({ tenant: id, api: fc.option(id), rule: fc.option(id) });
const whole = fc.nat();
const token = fc.record({
  kind: fc.constant('TOKEN' as const),
  tenant: id,
  principal: id,
  client: id,
  kid: id,
  credential: id,
  epoch: whole,
  issuedAtPosition: whole,
  authPosition: whole,
  expiresAtMs: whole,
  scopes: fc.array(id, { maxLength: 4 }),
});
const anyAsker = fc.oneof(
  fc.record({
    kind: fc.constant('SUBJECT' as const),
    tenant: fc.option(id),
    principal: fc.option(id),
  }),
  fc.record({ kind: fc.constant('API_KEY' as const), tenant: id, credential: id }),
  fc.constant({ kind: 'UNKNOWN_API_KEY' as const }),
  token,
  fc.record({
    kind: fc.constant('PASSWORD' as const),
    tenant: id,
    principal: id,
    credential: id,
    version: whole,
  }),
  fc.constant({ kind: 'REFUSED' as const, reason: 'TOKEN_INVALID' }),
);
const anyLine: fc.Arbitrary<LogLine> = fc.oneof(
  fc
    .record({
      caller: anyAsker,
      asked: anyAsker,
      endpoint: fc.option(endpoint, { nil: undefined }),
    })
    .map((who) => ({ ...decision, ...who })),
  fc.record({
    kind: fc.constant('gap' as const),
    authorizer: id,
    fromId: id,
    fromMs: whole,
    untilMs: whole,
    count: fc.integer({ min: 1 }),
  }),
  fc.record({
    kind: fc.constant('start' as const),
    authorizer: id,
    atMs: whole,
    sample: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ kind: fc.constant('end' as const), authorizer: id, atMs: whole }),
);

describe('a line of the decision log', () => {
  it('is written and read in the frozen form', () => {
    expect(encodeLine(decision)).toBe(golden);
    expect(readLine(golden)).toEqual({ ok: true, line: decision });
  });

  it('comes back as it was, on one line', () => {
    fc.assert(
      fc.property(anyLine, (line) => {
        const text = encodeLine(line);
        expect(text).not.toMatch(/[\r\n]/);
        const read = readLine(text);
        expect(read).toEqual({ ok: true, line: JSON.parse(JSON.stringify(line)) as LogLine });
      }),
    );
  });

  it('is refused with a field too few, too many or of another type', () => {
    const fields = JSON.parse(golden) as Record<string, unknown>;
    for (const name of Object.keys(fields)) {
      if (name === 'decisionLog') continue;
      const { [name]: _, ...rest } = fields;
      expect(readLine(JSON.stringify(rest))).toMatchObject({
        foreign: false,
        problem: `${name} is missing`,
      });
      expect(readLine(JSON.stringify({ ...fields, [name]: true })).ok).toBe(false);
      expect(readLine(JSON.stringify({ ...fields, [name]: [] })).ok).toBe(false);
    }
    expect(readLine(JSON.stringify({ ...fields, extra: 1 }))).toMatchObject({
      problem: 'the line has an unknown field',
    });
    const asked = { ...(fields['asked'] as object), extra: 1 };
    expect(readLine(JSON.stringify({ ...fields, asked }))).toMatchObject({
      problem: 'asked has an unknown field',
    });
    const long = 'x'.repeat(5_000);
    expect(readLine(JSON.stringify({ ...fields, resource: long }))).toMatchObject({
      problem: 'resource must be a text of at most 4096 characters',
    });
  });

  it('of a newer format is not guessed', () => {
    const newer = golden.replace('"decisionLog":1', '"decisionLog":2');
    expect(readLine(newer)).toMatchObject({ problem: 'format 2 needs a newer build' });
  });

  it('that is cut off is told from a line of something else', () => {
    expect(readLine(golden.slice(0, -9))).toMatchObject({ ok: false, foreign: false });
    expect(readLine('{"level":"info","msg":"authorizer serves"}')).toEqual({
      ok: false,
      foreign: true,
    });
  });
});
