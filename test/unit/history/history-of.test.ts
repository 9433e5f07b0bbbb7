import { beforeEach, describe, expect, it } from 'vitest';
import { factsOf } from '#libs/history/event-facts.js';
import { historyOf, type Cursor } from '#libs/history/history-of.js';
import { TimeMachine } from '#libs/history/time-machine.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import { systemClock } from '#libs/runtime/clock.js';
import { ledgerKey, LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import {
  granted,
  registered,
  revoked,
  roleCreated,
  tenantCreated,
} from '../../support/authorizer/seed-events.js';

const name = 'auth.ledger.v1';
const start: Cursor = { position: 0, index: -1 };
const signal = new AbortController().signal;
let seed: LedgerSeed;
let machine: TimeMachine;

beforeEach(async () => {
  const log = new SimulatedLog(name, new SimulatedStore(() => 1_000), systemClock);
  seed = await LedgerSeed.begin(log);
  const macKeys = new MacKeys(name, new Map([[1, Buffer.from(ledgerKey, 'hex')]]));
  machine = new TimeMachine({ log, macKeys });
  const actor = { tenant: 't', principal: 'admin' };
  await seed.append([tenantCreated('t'), registered('alice')], { tenant: 't' });
  await seed.append([registered('alice')], { tenant: 'T' });
  await seed.append([registered('bob'), roleCreated('r1', [])], { tenant: 't' });
  const both = [granted('alice', 'r1', 'a'), granted('alice', 'r1', 'b')];
  await seed.append(both, { tenant: 't', actor, reason: 'new in the team', atMs: 7_000 });
  await log.append([Buffer.from('no record')]);
});

async function ofAll(tenant: string, id: string, size = 100): Promise<string[]> {
  const told: string[] = [];
  for (let after: Cursor | undefined = start; after !== undefined;) {
    const part: { after: Cursor; size: number; upTo: number } = { after, size, upTo: 5 };
    const { events, next } = await historyOf(machine, { tenant, id }, part, signal);
    expect(events.length).toBeLessThanOrEqual(size);
    for (const one of events) {
      told.push(`${one.position} ${one.readable ? one.event.type : 'unreadable'}`);
    }
    after = next;
  }
  return told;
}

describe('a history', () => {
  it('is every event that names the thing, in order, of its own tenant', async () => {
    expect(await ofAll('t', 'alice')).toEqual([
      '1 PrincipalRegistered',
      '4 RoleGranted',
      '4 RoleGranted',
    ]);
    expect(await ofAll('T', 'alice')).toEqual(['2 PrincipalRegistered']);
    expect(await ofAll('t', 'r1')).toEqual(['3 RoleCreated', '4 RoleGranted', '4 RoleGranted']);
    expect(await ofAll('t', 'alice/r1/b')).toEqual(['4 RoleGranted']);
    expect(await ofAll('t', 'nobody')).toEqual([]);
  });

  it.each([1, 2, 3])('is the same in parts of %i, also within one record', async (size) => {
    expect(await ofAll('t', 'alice', size)).toEqual(await ofAll('t', 'alice'));
  });

  it('says who, when and why', async () => {
    const part = { after: start, size: 10, upTo: 5 };
    const { events } = await historyOf(machine, { tenant: 't', id: 'r1' }, part, signal);
    expect(events[1]).toMatchObject({
      position: 4,
      atMs: 7_000,
      actor: { tenant: 't', principal: 'admin' },
      reason: 'new in the team',
      wireType: 'ledgate.grant.RoleGranted.v1',
    });
  });

  it('shows that there is a record about it which this build cannot read', async () => {
    const other = new SimulatedLog(name, new SimulatedStore(() => 0), systemClock);
    const poisoned = await LedgerSeed.begin(other);
    await poisoned.append([registered('alice')], { tenant: 't' });
    // Records of which nothing can be read name no tenant; this one names its own.
    await poisoned.append([revoked('alice', 'r1')], { tenant: 't' });
    const macKeys = new MacKeys(name, new Map([[1, Buffer.from(ledgerKey, 'hex')]]));
    const past = new TimeMachine({ log: other, macKeys });
    const records = async function* (after: number, upTo: number) {
      for await (const judged of past.records(after, upTo)) {
        yield judged.position === 2 ? { ...judged, payload: Buffer.from('0affffffff') } : judged;
      }
    };
    const part = { after: start, size: 10, upTo: 2 };
    const { events } = await historyOf({ records }, { tenant: 't', id: 'alice' }, part, signal);
    expect(events).toMatchObject([{ readable: true }, { readable: false, position: 2 }]);
  });
});

describe('the facts of an event', () => {
  it('hold ids and plain facts, and nothing that is secret or personal', () => {
    const facts = factsOf({
      type: 'ApiKeyCreated',
      principal: 'alice',
      credential: 'c1',
      prefix: 'abcd1234',
      sha256: 'digest',
      name: 'ci',
      scopes: ['orders:*', 'users:read'],
    });
    expect(facts).toEqual({
      principal: 'alice',
      credential: 'c1',
      name: 'ci',
      scopes: 'orders:* users:read',
    });
    const person = factsOf({
      type: 'PrincipalRegistered',
      principal: 'alice',
      kind: 'USER',
      profile: { id: 'blob', sha256: 'x' },
      loginNames: [
        { kind: 'USERNAME', blindIndex: 'bi', value: { id: 'v', sha256: 'x' }, verified: true },
      ],
      origin: 'ADMIN',
    });
    expect(person).toEqual({ principal: 'alice', kind: 'USER', origin: 'ADMIN' });
  });
});
