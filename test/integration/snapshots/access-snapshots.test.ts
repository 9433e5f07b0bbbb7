import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalLines } from '#libs/access/canonical-lines.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { AccessSnapshots } from '#libs/history/access-snapshots.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { Reader, type ReaderAlarm } from '#libs/ledger/reader.js';
import { systemClock } from '#libs/runtime/clock.js';
import { AccessFold } from '#services/authorizer/app/access-fold.js';
import { accessFacts } from '#services/authorizer/app/view-fold.js';
import { ledgerKey, LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import { temporaryLog } from '../../support/authorizer/running-authorizer.js';
import { arbitraryHistory } from '../../unit/access/arbitrary-history.js';
import type { Recorded } from '../../unit/access/naive-oracle.js';

const ledger = 'auth.ledger.v1';
const secret = Buffer.from(ledgerKey, 'hex');
const macKeys = new MacKeys(ledger, new Map([[1, secret]]));
const asked = 1500;
let folder = '';
let logs: EventLog[] = [];
let passedOver: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgate-snapshots-'));
  passedOver = [];
});

afterEach(async () => {
  for (const log of logs) await log.close();
  logs = [];
  rmSync(folder, { recursive: true, force: true });
});

function snapshots(change: Partial<ConstructorParameters<typeof AccessSnapshots>[0]> = {}) {
  return new AccessSnapshots({
    folder,
    ledger,
    facts: accessFacts,
    macKeys,
    clock: systemClock,
    everyRecords: 8,
    everyMs: 1e9,
    onTrouble: ({ why }) => passedOver.push(why),
    ...change,
  });
}

const vault = { id: 'v', sha256: 's' };
/** What the histories of the pure tests leave out, and stored bytes must have. */
const left = {
  blindIndexKey: vault,
  profile: vault,
  privateKey: vault,
  hash: vault,
  activateNotBeforeMs: 0,
  loginNames: [],
  parents: [],
  scopes: [],
  origin: 'ADMIN',
  cause: 'ADMIN',
  admin: false,
  mustChange: false,
  resourceType: '',
  description: '',
  params: '',
  name: '',
  reason: '',
  prefix: '',
};

function complete(event: DomainEvent): DomainEvent {
  const version = 'version' in event ? Math.max(1, event.version) : 1;
  return { ...left, ...event, version } as DomainEvent;
}

async function seeded(history: readonly Recorded[]): Promise<EventLog> {
  const log = temporaryLog();
  logs.push(log);
  const seed = await LedgerSeed.begin(log);
  for (const { tenant, event } of history) seed.put([complete(event)], { tenant });
  await seed.flush();
  return log;
}

/** The same log, in batches of this size; the next comes once what is due was written. */
function inBatches(log: EventLog, size: number, kept?: AccessSnapshots): EventLog {
  return Object.assign(Object.create(log) as EventLog, {
    tail: async function* (from: number, signal: AbortSignal) {
      for await (const batch of log.tail(from, signal)) {
        for (let at = 0; at === 0 || at < batch.records.length; at += size) {
          const last = at + size >= batch.records.length;
          const records = batch.records.slice(at, at + size);
          const end = last ? batch.end : Math.max(batch.end, (records.at(-1)?.position ?? 0) + 2);
          yield { ...batch, records, end, reconnected: batch.reconnected && at === 0 };
          await kept?.close();
        }
      }
    },
  });
}

/** Reads the log to its end and answers what an authorizer would know then. */
async function read(log: EventLog, kept?: AccessSnapshots) {
  const alarms: ReaderAlarm[] = [];
  const fold = new AccessFold(kept);
  await fold.load();
  const from = fold.resume()?.window.position ?? -1;
  const onAlarm = (alarm: ReaderAlarm): void => void alarms.push(alarm);
  const reader = new Reader({ log, clock: systemClock, macKeys, fold, onAlarm });
  await reader.start();
  await reader.stop();
  await kept?.close();
  const hash = createHash('sha256');
  for (const line of canonicalLines(fold.view, asked)) hash.update(`${line}\n`);
  const { acceptedRecords, voidRecords, featureLevel, cluster } = fold;
  return {
    from,
    alarms: alarms.map(({ kind }) => kind),
    state: {
      hash: hash.digest('hex'),
      chain: Buffer.from(reader.window.chain).toString('hex'),
      verdicts: Buffer.from(reader.window.verdictHash(reader.position) ?? []).toString('hex'),
      facts: { acceptedRecords, voidRecords, featureLevel, cluster },
    },
  };
}

const files = (): string[] => readdirSync(folder).sort();

describe('a start from a snapshot', () => {
  it('gives the state, chain and verdicts of a replay from 0, from any snapshot, in any batches', async () => {
    let started = 0;
    await fc.assert(
      fc.asyncProperty(arbitraryHistory, fc.integer({ min: 1, max: 9 }), async (history, size) => {
        for (const file of files()) rmSync(join(folder, file));
        const log = await seeded(history);
        const whole = await read(log);
        const kept = snapshots();
        expect((await read(inBatches(log, size, kept), kept)).state).toEqual(whole.state);
        for (const file of files().reverse()) {
          const again = await read(inBatches(log, size), snapshots({ everyRecords: 1e9 }));
          expect(again).toEqual({
            from: Number.parseInt(file, 10),
            alarms: [],
            state: whole.state,
          });
          rmSync(join(folder, file));
          started += 1;
        }
        await logs.pop()?.close();
      }),
      { numRuns: 12 },
    );
    expect(started).toBeGreaterThan(12);
    expect(passedOver).toEqual([]);
  });

  it('is not trusted with the history of another log: the reader starts over and none is left', async () => {
    const sample = fc.sample(arbitraryHistory, { numRuns: 40, seed: 11 });
    const [one = [], other = []] = sample.filter((history) => history.length > 40);
    await read(await seeded(one), snapshots());
    expect(files()).not.toEqual([]);
    const log = await seeded([...other, ...one]);
    const whole = await read(log);
    const again = await read(log, snapshots({ everyRecords: 1e9 }));
    expect(again.from).toBeGreaterThan(0);
    expect(again.alarms).toContain('diverged');
    expect(again.state).toEqual(whole.state);
    expect(files()).toEqual([]);
  });
});

describe('a snapshot file', () => {
  const history = (): Recorded[] =>
    fc.sample(arbitraryHistory, { numRuns: 40, seed: 11 }).find(({ length }) => length > 40) ?? [];

  async function twoFiles(): Promise<{ older: string; newer: string; log: EventLog }> {
    const log = await seeded(history());
    const writing = snapshots();
    await read(inBatches(log, 8, writing), writing);
    const [older = '', newer = ''] = files().slice(-2);
    expect(newer).not.toBe('');
    return { older, newer, log };
  }

  it('with any one bit flipped is passed over for an older one', async () => {
    const { older, newer } = await twoFiles();
    const path = join(folder, newer);
    const good = readFileSync(path);
    const flips = Array.from({ length: 60 }, (_, i) => Math.floor((i * good.length) / 60));
    for (const at of [...flips, good.length - 1]) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] as number) ^ (1 << (at % 8));
      writeFileSync(path, bad);
      const found = await snapshots().startFrom();
      expect(found?.judge.window.position).toBe(Number.parseInt(older, 10));
    }
    expect(passedOver.length).toBe(61);
    writeFileSync(path, good);
    expect((await snapshots().startFrom())?.judge.window.position).toBe(Number.parseInt(newer, 10));
  });

  it('that is cut, empty, renamed or only half written is passed over', async () => {
    const { older, newer } = await twoFiles();
    const at = Number.parseInt(older, 10);
    truncateSync(join(folder, newer), 1000);
    expect((await snapshots().startFrom())?.judge.window.position).toBe(at);
    truncateSync(join(folder, newer), 0);
    expect((await snapshots().startFrom())?.judge.window.position).toBe(at);
    cpSync(join(folder, older), join(folder, newer));
    expect((await snapshots().startFrom())?.judge.window.position).toBe(at);
    rmSync(join(folder, newer));
    writeFileSync(join(folder, `${newer}.part`), 'LGSNAP1');
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    expect((await snapshots().startFrom())?.judge.window.position).toBe(at);
  });

  it('of another ledger, another key or another form of the state is passed over', async () => {
    await twoFiles();
    const otherKey = new MacKeys(ledger, new Map([[1, Buffer.alloc(32, 7).fill(1, 0, 1)]]));
    const newerKey = new MacKeys(
      ledger,
      new Map([
        [1, secret],
        [2, Buffer.alloc(32, 9).fill(1, 0, 1)],
      ]),
    );
    expect(await snapshots({ macKeys: otherKey }).startFrom()).toBeUndefined();
    expect(await snapshots({ macKeys: newerKey }).startFrom()).toBeUndefined();
    expect(await snapshots({ facts: 'authorizer-other' }).startFrom()).toBeUndefined();
    expect(await snapshots({ ledger: 'auth.session.v1' }).startFrom()).toBeUndefined();
    expect(passedOver.join('\n')).toMatch(/MAC.*another form of the state.*another ledger/s);
  });

  it('cannot be written where there is no place for it: the state goes on without', async () => {
    const log = await seeded(history());
    writeFileSync(join(folder, 'file'), '');
    const kept = snapshots({ folder: join(folder, 'file') });
    const whole = await read(log);
    expect((await read(log, kept)).state).toEqual(whole.state);
    expect(passedOver.join('\n')).toMatch(/EEXIST|ENOTDIR/);
  });

  it('is never made of a state with quarantined keys', async () => {
    const log = temporaryLog();
    logs.push(log);
    const seed = await LedgerSeed.begin(log);
    await seed.poison([{ tenant: 't', kind: 'principal', id: 'alice' }]);
    for (const { tenant, event } of history()) seed.put([complete(event)], { tenant });
    await seed.flush();
    await read(log, snapshots());
    expect(files()).toEqual([]);
  });
});

describe('nearest', () => {
  it('finds the newest one that is not after a position', async () => {
    const sample = fc.sample(arbitraryHistory, { numRuns: 80, seed: 11 });
    const log = await seeded(sample.find(({ length }) => length > 60) ?? []);
    const writing = snapshots();
    await read(inBatches(log, 8, writing), writing);
    const positions = files().map((file) => Number.parseInt(file, 10));
    expect(positions.length).toBeGreaterThan(1);
    const kept = snapshots();
    for (const [index, at] of positions.entries()) {
      expect((await kept.nearest(at))?.judge.window.position).toBe(at);
      expect((await kept.nearest(at - 1))?.judge.window.position).toBe(positions[index - 1]);
    }
  });
});
