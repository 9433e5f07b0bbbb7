import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Coalescer, questionKey, type Terms } from '#libs/client/coalescer.js';
import { LedgateError } from '#libs/client/ledgate-error.js';
import { type Credential, type Question } from '#libs/client/question.js';

const now: Terms = { consistency: undefined, deadlineMs: 250 };
const question = (resource: string, apiKey = 'k'): Question => ({
  credential: { apiKey },
  action: 'orders:read',
  resource,
});

interface Sent {
  resources: string[];
  terms: Terms;
}

/** A coalescer whose turn ends when the test says so; each response is the resource in capitals. */
function coalescerOf(limits: { maxQuestions?: number; maxLength?: number; fail?: Error } = {}) {
  const sent: Sent[] = [];
  const turns: (() => void)[] = [];
  const coalescer = new Coalescer<string, { text: string }>({
    send: async (questions, terms) => {
      const resources = questions.map((one) => ('resource' in one ? one.resource : ''));
      sent.push({ resources, terms });
      if (limits.fail !== undefined) throw limits.fail;
      return resources.map((resource) =>
        resource.startsWith('bad')
          ? new LedgateError('BAD_QUESTION', 'bad', { reason: 'INVALID_ARGUMENT' })
          : resource.toUpperCase(),
      );
    },
    answerOf: (text) => ({ text }),
    maxQuestions: limits.maxQuestions ?? 256,
    maxLength: limits.maxLength ?? 1e6,
    atEndOfTurn: (flush) => turns.push(flush),
  });
  const endTurn = () => turns.splice(0).forEach((flush) => flush());
  return { coalescer, sent, endTurn, turns };
}

describe('Coalescer', () => {
  it('sends the questions of one turn together and answers each with its own', async () => {
    const { coalescer, sent, endTurn } = coalescerOf();
    const answers = ['a', 'b', 'c'].map((resource) => coalescer.ask(question(resource), now));
    expect(sent).toEqual([]);
    endTurn();
    expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(['A', 'B', 'C']);
    expect(sent.map(({ resources }) => resources)).toEqual([['a', 'b', 'c']]);
  });

  it('does not carry questions from one turn to the next', async () => {
    const { coalescer, sent, endTurn, turns } = coalescerOf();
    void coalescer.ask(question('a'), now);
    expect(turns.length).toBe(1);
    endTurn();
    void coalescer.ask(question('b'), now);
    endTurn();
    expect(sent.map(({ resources }) => resources)).toEqual([['a'], ['b']]);
  });

  it('asks equal questions once and gives each asker an answer of its own', async () => {
    const { coalescer, sent, endTurn } = coalescerOf();
    const both = [coalescer.ask(question('a'), now), coalescer.ask(question('a'), now)];
    endTurn();
    const [first, second] = await Promise.all(both);
    expect(sent.map(({ resources }) => resources)).toEqual([['a']]);
    expect(first).toEqual(second);
    expect(first).not.toBe(second);
  });

  it('does not take the same resource under another credential for the same question', () => {
    const { coalescer, sent, endTurn } = coalescerOf();
    void coalescer.ask(question('a', 'k1'), now);
    void coalescer.ask(question('a', 'k2'), now);
    endTurn();
    expect(sent[0]?.resources).toEqual(['a', 'a']);
  });

  it('keeps different requirements of freshness and different deadlines apart', () => {
    const { coalescer, sent, endTurn } = coalescerOf();
    const all: Terms[] = [
      now,
      { ...now, deadlineMs: 100 },
      { ...now, consistency: { atLeastAsFresh: 'x' } },
      { ...now, consistency: { atLeastAsFresh: 'y' } },
      { ...now, consistency: { fullyConsistent: true } },
    ];
    for (const terms of [...all, ...all]) void coalescer.ask(question('a'), terms);
    endTurn();
    expect(sent).toEqual(all.map((terms) => ({ resources: ['a'], terms })));
  });

  it('lets a question with a password travel alone, so that hashing it delays no other', () => {
    const { coalescer, sent, endTurn } = coalescerOf();
    const withPassword = (username: string): Question => ({
      credential: { basic: { tenant: 't', username, password: 'p' } },
      action: 'orders:read',
      resource: username,
    });
    const asked = [question('a'), withPassword('x'), withPassword('y'), withPassword('x')];
    for (const one of [...asked, question('b')]) void coalescer.ask(one, now);
    endTurn();
    expect(sent.map(({ resources }) => resources)).toEqual([['a', 'b'], ['x'], ['y']]);
  });

  it('starts another batch at the limit of questions', () => {
    const { coalescer, sent, endTurn } = coalescerOf({ maxQuestions: 2 });
    for (const resource of ['a', 'b', 'c', 'd', 'e']) void coalescer.ask(question(resource), now);
    endTurn();
    expect(sent.map(({ resources }) => resources)).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('starts another batch at the limit of characters, but lets a long question through alone', () => {
    const long = 'x'.repeat(100);
    const { coalescer, sent, endTurn } = coalescerOf({ maxLength: 60 });
    for (const resource of ['a', long, 'b']) void coalescer.ask(question(resource), now);
    endTurn();
    expect(sent.map(({ resources }) => resources)).toEqual([['a'], [long], ['b']]);
  });

  it('fails only the question that failed, with an error of its own for each asker', async () => {
    const { coalescer, endTurn } = coalescerOf();
    const asked = ['a', 'bad', 'bad'].map((resource) => coalescer.ask(question(resource), now));
    endTurn();
    const [good, bad, worse] = await Promise.allSettled(asked);
    expect(good).toMatchObject({ status: 'fulfilled', value: { text: 'A' } });
    expect(bad).toMatchObject({ status: 'rejected', reason: { kind: 'BAD_QUESTION' } });
    const reasonOf = (one = bad): unknown => (one?.status === 'rejected' ? one.reason : undefined);
    expect(reasonOf(worse)).toEqual(reasonOf(bad));
    expect(reasonOf(worse)).not.toBe(reasonOf(bad));
  });

  it('rejects all when the batch fails', async () => {
    const failure = new LedgateError('UNDECIDED', 'gone', { reason: 'UNAVAILABLE' });
    const { coalescer, endTurn } = coalescerOf({ fail: failure });
    const asked = ['a', 'b'].map((resource) => coalescer.ask(question(resource), now));
    endTurn();
    for (const one of asked) await expect(one).rejects.toMatchObject({ reason: 'UNAVAILABLE' });
  });
});

describe('questionKey', () => {
  const text = fc.oneof(fc.constantFrom('', 'a', '"', '","', '\\', '\\"', '[1,"a"]'), fc.string());
  const proof = fc.record({ proof: text, httpMethod: text, httpUri: text });
  const possession = fc.oneof(
    fc.record({ certificateSha256: text }),
    fc.record({ verifiedJkt: text }),
    fc.record({ dpop: proof }),
  );
  const credential: fc.Arbitrary<Credential> = fc.oneof(
    fc.record({ bearerToken: text }),
    fc.record({ bearerToken: text, possession }),
    fc.record({ sessionToken: text }),
    fc.record({ apiKey: text }),
    fc.record({ basic: fc.record({ tenant: text, username: text, password: text }) }),
  );
  const subject = fc.record({ tenantId: text, principalId: text });
  const asked = fc.record({ action: text, resource: text });
  const anyQuestion: fc.Arbitrary<Question> = fc.oneof(
    fc.tuple(credential, asked).map(([c, rest]) => ({ credential: c, ...rest })),
    fc.tuple(subject, asked).map(([s, rest]) => ({ subject: s, ...rest })),
  );

  /** Cache keys that collide gave others' answers: CVE-2024-56323, CVE-2026-33729, CVE-2026-55866. */
  it('is the same for equal questions only', () => {
    fc.assert(
      fc.property(anyQuestion, anyQuestion, (a, b) => {
        const equal = canonical(a) === canonical(b);
        expect(questionKey(a) === questionKey(b)).toBe(equal);
        expect(questionKey(structuredClone(a))).toBe(questionKey(a));
      }),
      { numRuns: 2000 },
    );
  });

  /** Compares field by field with lengths, so that it shares nothing with the key itself. */
  function canonical(value: unknown): string {
    if (typeof value === 'string') return `${value.length}:${value}`;
    const entries = Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([k, v]) => `${k}=${canonical(v)}`).join(';')}}`;
  }
});
