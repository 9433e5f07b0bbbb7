import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { endless } from '#libs/access/projection/access-denies.js';
import type { DecisionLine, LogLine } from '#libs/audit/decision-line.js';
import { Failure } from '#libs/errors/failure.js';
import type { EventLog, LogBatch } from '#libs/ledger/event-log.js';
import { MacKeys } from '#libs/ledger/mac.js';
import type { AuthorizerApp } from '#services/authorizer/app/assemble.js';
import type { IdentityPort } from '#services/authorizer/app/identity-port.js';
import { isSampled } from '#services/authorizer/app/decision-log/sampling.js';
import type { Sink } from '#services/authorizer/app/decision-log/sink.js';
import type { Who } from '#services/authorizer/app/question.js';
import { readFrom } from '#services/ledgate/operate/decisions/read-decisions.js';
import { replayDecisions } from '#services/ledgate/operate/decisions/replay-decisions.js';
import { ledgerKey } from '../../../support/authorizer/ledger-seed.js';
import {
  granted,
  passwordSet,
  permissionDefined,
  registered,
  roleCreated,
  tenantWithCaller,
} from '../../../support/authorizer/seed-events.js';
import { AppWorld, callBy, failureOf } from '../app-world.js';

const acme = tenantWithCaller('acme');
const bob: Who = { kind: 'SUBJECT', tenant: 'acme', principal: 'bob' };
const right = 'correct horse battery staple';
const identity: IdentityPort = {
  verifyPassword: async ({ tenant, password }) =>
    password === right
      ? { tenant, principal: 'bob', credential: 'password-of-bob', version: 1 }
      : undefined,
  appendBarrier: async () => ({ position: 0, sessionPosition: -1 }),
};

let world: AppWorld;
let app: AuthorizerApp;
let lines: string[];
let down: boolean;
const sink: Sink = {
  name: 'toy',
  write: async (more) => {
    if (down) throw new Error('down');
    lines.push(...more);
  },
  close: async () => {},
};

function record(sample: number, most = { lines: 1_000, bytes: 10_000_000 }): void {
  app = world.assemble({ sinks: [sink], sample, most, onTrouble: () => {} });
}

beforeEach(async () => {
  lines = [];
  down = false;
  world = await AppWorld.begin(identity);
  await world.publishKey();
  await world.happen('acme', ...acme.events);
  await world.happen(
    'acme',
    permissionDefined('orders:read'),
    permissionDefined('orders:pay', { risk: 'SENSITIVE' }),
    permissionDefined('vault:open', { auditRequired: true }),
    roleCreated('clerk', ['orders:*', 'vault:*']),
    registered('bob'),
    granted('bob', 'clerk'),
    passwordSet('bob', 1),
  );
});

const ask = async (action: string, who: Who = bob, resource = 'x') =>
  app.authorizer.authorize(callBy(acme.apiKey), { who, action, resource }, undefined);
const reasonOf = async (action: string): Promise<string> => {
  const failed = await failureOf(() => ask(action));
  return failed.reason;
};

/** What was written, once the timers have passed. */
async function written(): Promise<LogLine[]> {
  world.clock.advance(20_000);
  await new Promise((resolve) => setImmediate(resolve));
  return lines.map((line) => JSON.parse(line) as LogLine);
}
async function decisions(): Promise<DecisionLine[]> {
  return (await written()).filter((line) => line.kind === 'decision');
}

describe('what is recorded', () => {
  it('is every denial, what is sensitive and what must be; of the rest a sample', async () => {
    record(0);
    for (const action of ['orders:read', 'orders:pay', 'vault:open', 'orders:none']) {
      await ask(action);
    }
    const recorded = (await decisions()).map(({ action, outcome, reason }) => [
      action,
      outcome,
      reason,
    ]);
    expect(recorded).toEqual([
      ['orders:pay', 'ALLOW', 'ALLOWED'],
      ['vault:open', 'ALLOW', 'ALLOWED'],
      ['orders:none', 'DENY', 'UNKNOWN_PERMISSION'],
    ]);
  });

  it('begins with the share that is sampled, and ends with an end', async () => {
    record(0.25);
    const closed = app.decisionLog?.close(1_000);
    expect(await written()).toMatchObject([{ kind: 'start', sample: 0.25 }, { kind: 'end' }]);
    expect(await closed).toBe(0);
  });

  it('is the same share of ids, the same ones everywhere', () => {
    const ids = Array.from({ length: 20_000 }, (_, i) => `abcdefghijkl-${i.toString(36)}`);
    for (const share of [0.01, 0.25, 0.9]) {
      const picked = ids.filter((id) => isSampled(id, share));
      expect(Math.abs(picked.length / ids.length - share)).toBeLessThan(0.01);
      expect(ids.filter((id) => isSampled(id, share))).toEqual(picked);
      expect(picked.every((id) => isSampled(id, Math.min(1, share * 1.1)))).toBe(true);
    }
    expect([isSampled('x', 0), isSampled('x', 1)]).toEqual([false, true]);
  });

  it('holds nothing of a question that the ledger does not know', async () => {
    record(1);
    const strange = 'purple walrus lantern';
    await ask('orders:read', { kind: 'SUBJECT', tenant: 'acme', principal: strange });
    await ask(strange, bob, strange);
    await ask('orders:read', bob, `a/lgk_${'7'.repeat(43)}_abcdef/b`);
    const recorded = await decisions();
    expect(JSON.stringify(recorded)).not.toMatch(/walrus|lgk_/);
    expect(recorded).toMatchObject([
      { asked: { tenant: 'acme', principal: null }, principal: '', reason: 'PRINCIPAL_UNKNOWN' },
      { action: null, resource: null, reason: 'UNKNOWN_PERMISSION' },
      { action: 'orders:read', resource: null, reason: 'ALLOWED' },
    ]);
  });
});

describe('a permission that is only allowed where it is recorded', () => {
  it('is not allowed without a decision log', async () => {
    app = world.app;
    expect(await reasonOf('vault:open')).toBe('NOT_RECORDED');
    expect(await ask('orders:read')).toMatchObject({ outcome: 'ALLOW' });
    const who: Who = { kind: 'SUBJECT', tenant: 'acme', principal: 'gateway' };
    expect(await ask('vault:open', who)).toMatchObject({ outcome: 'DENY', reason: 'NO_GRANT' });
  });

  it('is not allowed while the buffer is full because the sink is down, and is afterwards', async () => {
    down = true;
    record(0, { lines: 3, bytes: 10_000_000 });
    expect(await ask('vault:open')).toMatchObject({ outcome: 'ALLOW' });
    expect(await ask('vault:open')).toMatchObject({ outcome: 'ALLOW' });
    const failed = await failureOf(() => ask('vault:open'));
    expect(failed).toBeInstanceOf(Failure);
    expect([failed.reason, failed.message]).toEqual([
      'NOT_RECORDED',
      'cannot record this decision, which must be recorded',
    ]);
    expect(await ask('orders:read'), 'what need not be recorded goes on').toMatchObject({
      outcome: 'ALLOW',
    });
    down = false;
    await written();
    await written();
    expect(await ask('vault:open')).toMatchObject({ outcome: 'ALLOW' });
    const all = await written();
    expect(all.map(({ kind }) => kind)).toEqual([
      'start',
      'decision',
      'decision',
      'gap',
      'decision',
    ]);
    expect(all[3]).toMatchObject({ count: 1 });
  });
});

describe('what depends on more than the ledger', () => {
  it('is asked again where the line holds it, and counted where it does not', async () => {
    record(1);
    const basic = (password: string): Who => ({
      kind: 'BASIC',
      tenant: 'acme',
      username: 'bob',
      password,
    });
    const token = await world.token('acme', 'bob', { ttlS: 60 });
    await ask('orders:read', basic(right));
    await ask('orders:read', basic('wrong'));
    await ask('orders:read', { kind: 'TOKEN', text: token });
    for (const ageMs of [12_000, 20_000, 200_000]) {
      world.reader.ageMs = ageMs;
      for (const action of ['orders:read', 'orders:pay']) {
        const question = { who: bob, action, resource: '' };
        await app.authorizer.batch(callBy(acme.apiKey), [question], undefined);
      }
    }
    world.reader.ageMs = 0;
    const { early } = world.reader.fold;
    const deny = { tenant: 'acme', kind: 'PRINCIPAL', id: 'bob', untilMs: endless } as const;
    early.add({ ...deny, hold: 'h' });
    await ask('orders:read', { kind: 'TOKEN', text: token });
    early.lift('h', -1);
    early.settle(0);
    await world.happen('acme', passwordSet('bob', 2));
    await ask('orders:read', { kind: 'TOKEN', text: token });
    world.clock.advance(61_000);
    await ask('orders:read', { kind: 'TOKEN', text: token });
    await written();
    const read = await readFrom(Readable.from(lines.map((line) => `${line}\n`)));
    const again = await replayDecisions({ log: tailed(world.log), macKeys: keys }, read.decisions);
    expect(again.differ).toEqual([]);
    expect(again.notReAskable).toEqual({
      'PASSWORD_REJECTED was found on the credential itself': 1,
      'PRINCIPAL_SUSPENDED may rest on a revocation that was held': 1,
    });
    const counts = new Map<string, number>();
    for (const { reason } of read.decisions) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    expect(Object.fromEntries(counts)).toEqual({
      ALLOWED: 6,
      PASSWORD_REJECTED: 1,
      PRINCIPAL_SUSPENDED: 1,
      STALE: 2,
      WATERMARK: 1,
      CREDENTIAL_EXPIRED: 1,
    });
  });
});

const keys = new MacKeys('auth.ledger.v1', new Map([[1, Buffer.from(ledgerKey, 'hex')]]));

/** The log in memory, which nobody follows, as one that can be read through. */
function tailed(log: AppWorld['log']): Pick<EventLog, 'end' | 'tail'> {
  return {
    end: () => log.end(),
    async *tail(from: number): AsyncGenerator<LogBatch> {
      const records = log.records.slice(from);
      const times = { fetchedAtMs: 0, leaderConfirmedAtMs: 0, reconnected: false };
      yield { records, end: log.records.length, ...times };
    },
  };
}
