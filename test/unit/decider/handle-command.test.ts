import { describe, expect, it } from 'vitest';

import { commandIdLifetimeMs, handleCommand, maxAttempts } from '#libs/decider/handle-command.js';
import type { CommandEnvelope } from '#libs/decider/handle-command.js';
import { Failure } from '#libs/errors/failure.js';
import { encodeCommandPayload } from '#libs/events/codec.js';
import { featureLevelKey, hashOf, keyText } from '#libs/events/keys.js';
import type { Key } from '#libs/events/keys.js';

import { ToyLedger } from './toy-domain.js';
import type { CreateGroup } from './toy-domain.js';

const command: CreateGroup = { type: 'CreateGroup', group: 'g1', name: 'crew' };
const envelope: CommandEnvelope = {
  tenant: 't1',
  actor: { tenant: 't0', principal: 'p0' },
  commandId: 'c1',
  requestDigest: 'd1',
  reason: 'because',
  traceparent: '',
};
const created = { type: 'GroupCreated', group: 'g1', name: 'crew' };
const conflict = { verdict: 'void', reason: 'conflict' } as const;

const hex = (hashes: readonly Uint8Array[]): string[] =>
  hashes.map((hash) => Buffer.from(hash).toString('hex')).sort();
const hexOf = (...keys: Key[]): string[] => hex(keys.map((key) => hashOf(key)));
const key = (tenant: string, kind: Key['kind'], id: string): Key => ({ tenant, kind, id });

async function reasonOf(result: Promise<unknown>): Promise<string> {
  const error: unknown = await result.catch((caught: unknown) => caught);
  return error instanceof Failure ? error.reason : String(error);
}

describe('handleCommand', () => {
  it('appends what was decided, with exactly the keys that were read and are written', async () => {
    const ledger = new ToyLedger();
    const result = await handleCommand(ledger, command, envelope);
    expect(result).toEqual({ position: 0, events: [created], replayed: false });
    const [draft] = ledger.drafts;
    expect(draft?.basedOn).toBe(-1);
    expect(hex(draft?.reads ?? [])).toEqual(
      hexOf(
        key('t1', 'tenant', 't1'),
        key('t1', 'command', 't0,p0,c1'),
        key('t0', 'principal', 'p0'),
        key('t0', 'grants-of', 'p0'),
        key('t0', 'groups-of', 'p0'),
        key('t0', 'role', 'r0'),
        key('t1', 'groupname', 'crew'),
      ),
    );
    expect(hex(draft?.writes ?? [])).toEqual(
      hexOf(
        key('t1', 'group', 'g1'),
        key('t1', 'groupname', 'crew'),
        key('t1', 'command', 't0,p0,c1'),
      ),
    );
  });

  it('answers a repeated command id from the record, and appends nothing', async () => {
    const ledger = new ToyLedger();
    await handleCommand(ledger, command, envelope);
    const again = await handleCommand(ledger, command, envelope);
    expect(again).toEqual({ position: 0, events: [created], replayed: true });
    expect(ledger.drafts).toHaveLength(1);
  });

  it('refuses a command id that was used for another request or by another command', async () => {
    const ledger = new ToyLedger();
    await handleCommand(ledger, command, envelope);
    const other = { ...envelope, requestDigest: 'd2' };
    expect(await reasonOf(handleCommand(ledger, command, other))).toBe('COMMAND_ID_REUSED');
    const renamed = { ...command, type: 'CreateTeam' } as unknown as CreateGroup;
    expect(await reasonOf(handleCommand(ledger, renamed, envelope))).toBe('COMMAND_ID_REUSED');
  });

  it('the same id of another actor is another command', async () => {
    const ledger = new ToyLedger();
    await handleCommand(ledger, command, envelope);
    const other = { ...envelope, actor: { tenant: 't0', principal: 'p9' } };
    const second = { ...command, group: 'g2', name: 'staff' };
    expect((await handleCommand(ledger, second, other)).replayed).toBe(false);
  });

  it('forgets a command id after its lifetime of log time', async () => {
    const ledger = new ToyLedger();
    await handleCommand(ledger, command, envelope);
    ledger.nowMs += commandIdLifetimeMs;
    expect((await handleCommand(ledger, command, envelope)).replayed).toBe(true);
    ledger.nowMs += 1;
    const later = { ...command, group: 'g2', name: 'staff' };
    expect((await handleCommand(ledger, later, envelope)).replayed).toBe(false);
  });

  it('remembers a command id when only one of the two clocks is far ahead', async () => {
    for (const clock of ['wallMs', 'logTimeMs'] as const) {
      const ledger = new ToyLedger();
      await handleCommand(ledger, command, envelope);
      ledger[clock] = () => ledger.nowMs + 10 * commandIdLifetimeMs;
      expect((await handleCommand(ledger, command, envelope)).replayed).toBe(true);
    }
  });

  it('decides a void record again on the fresh state', async () => {
    const ledger = new ToyLedger();
    ledger.verdicts = [conflict];
    ledger.meanwhile = () => {
      ledger.meanwhile = () => undefined;
      const { tenant, actor } = envelope;
      const taken = { type: 'GroupCreated', group: 'g9', name: 'crew' } as const;
      const payload = encodeCommandPayload({
        ...envelope,
        tenant,
        actor,
        command: 'CreateGroup',
        commandId: '',
        events: [{ known: true, event: taken }],
      });
      ledger.append({ payload });
    };
    expect(await reasonOf(handleCommand(ledger, command, envelope))).toBe('NAME_TAKEN');
    expect(ledger.drafts).toHaveLength(1);
  });

  it('gives up with CONFLICT after its attempts, with growing pauses between them', async () => {
    const ledger = new ToyLedger();
    ledger.verdicts = Array.from({ length: maxAttempts }, () => conflict);
    expect(await reasonOf(handleCommand(ledger, command, envelope))).toBe('CONFLICT');
    expect(ledger.drafts).toHaveLength(maxAttempts);
    expect(ledger.pauses).toEqual([1, 2, 4, 8, 16, 32, 64]);
  });

  it('waits behind open records of its own instance, decides once more, and counts no attempt', async () => {
    const ledger = new ToyLedger();
    ledger.verdicts = Array.from({ length: maxAttempts - 1 }, () => conflict);
    ledger.inTheWay = Array.from({ length: 5 }, () => Promise.resolve());
    const decided: string[] = [];
    const { decide } = ledger;
    ledger.decide = (asked, ...rest) => {
      decided.push(asked.name);
      return decide(asked, ...rest);
    };
    expect((await handleCommand(ledger, command, envelope)).position).toBe(0);
    expect(ledger.drafts).toHaveLength(maxAttempts);
    expect(decided).toHaveLength(maxAttempts + 1);
  });

  it('does not try again on a sealed ledger', async () => {
    const ledger = new ToyLedger();
    ledger.verdicts = [{ verdict: 'void', reason: 'sealed' }];
    expect(await reasonOf(handleCommand(ledger, command, envelope))).toBe('LEDGER_SEALED');
    expect(ledger.drafts).toHaveLength(1);
  });

  it('appends nothing when there is nothing to change', async () => {
    const ledger = new ToyLedger();
    await handleCommand(ledger, command, { ...envelope, commandId: '' });
    const again = await handleCommand(ledger, command, { ...envelope, commandId: '' });
    expect(again).toEqual({ position: 0, events: [], replayed: false });
    expect(ledger.drafts).toHaveLength(1);
  });

  it('says that there is nothing to change only of a state that had caught up', async () => {
    const ledger = new ToyLedger();
    await handleCommand(ledger, command, { ...envelope, commandId: '' });
    ledger.confirmations = [
      () => {
        ledger.store.remove(keyText(key('t1', 'groupname', 'crew')));
        return Promise.resolve(false);
      },
    ];
    const again = await handleCommand(ledger, command, { ...envelope, commandId: '' });
    expect(again.events).toEqual([created]);
    const down = new Failure('LEDGER_UNAVAILABLE', 'down');
    ledger.confirmations = [() => Promise.reject(down)];
    const third = handleCommand(ledger, command, { ...envelope, commandId: '' });
    expect(await reasonOf(third)).toBe('LEDGER_UNAVAILABLE');
  });

  it('refuses only on a state that had caught up, or while the log cannot be asked', async () => {
    const ledger = new ToyLedger();
    const text = keyText(key('t1', 'groupname', 'crew'));
    ledger.store.put(text, { group: 'g9' });
    ledger.confirmations = [
      () => {
        ledger.store.remove(text);
        return Promise.resolve(false);
      },
    ];
    expect((await handleCommand(ledger, command, envelope)).events).toEqual([created]);
    ledger.confirmations = [() => Promise.reject(new Failure('LEDGER_UNAVAILABLE', 'down'))];
    const other = { ...envelope, commandId: 'c2' };
    const taken = { ...command, group: 'g8' };
    expect(await reasonOf(handleCommand(ledger, taken, other))).toBe('NAME_TAKEN');
    ledger.confirmations = [() => Promise.reject(new Failure('DIVERGED', 'rebuilding'))];
    expect(await reasonOf(handleCommand(ledger, taken, other))).toBe('DIVERGED');
  });

  it('rests on what the permit rests on: its further keys are read', async () => {
    const credential = key('t0', 'credential', 'k0');
    const ledger = new ToyLedger();
    ledger.authorise = () => ({ permittedBy: [], reads: [credential] });
    await handleCommand(ledger, command, envelope);
    expect(hex(ledger.drafts[0]?.reads ?? [])).toEqual(expect.arrayContaining(hexOf(credential)));
  });

  it('appends nothing for an actor who may not', async () => {
    const ledger = new ToyLedger();
    ledger.authorise = () => ({ rejected: new Failure('PERMISSION_DENIED', 'no') });
    expect(await reasonOf(handleCommand(ledger, command, envelope))).toBe('PERMISSION_DENIED');
    expect(ledger.drafts).toHaveLength(0);
  });

  it('does not decide on a quarantined document, be it the actor’s own', async () => {
    for (const kind of ['groupname', 'grants-of']) {
      const ledger = new ToyLedger();
      ledger.quarantined = (asked) => asked.kind === kind;
      expect(await reasonOf(handleCommand(ledger, command, envelope))).toBe('QUARANTINED');
      expect(ledger.drafts).toHaveLength(0);
    }
  });

  it('what cannot be encoded or applied never leaves the process', async () => {
    const nameless = { ...command, name: '' };
    const ledger = new ToyLedger();
    expect(await reasonOf(handleCommand(ledger, nameless, envelope))).toBe('INTERNAL');
    ledger.evolve = () => {
      throw new TypeError('cannot be applied');
    };
    expect(await reasonOf(handleCommand(ledger, command, envelope))).toContain('cannot be applied');
    expect(ledger.drafts).toHaveLength(0);
  });

  it('refuses what does not fit into a record', async () => {
    const ledger = new ToyLedger();
    ledger.decide = () => ({
      events: Array.from({ length: 130 }, (_, at) => ({
        type: 'GroupCreated' as const,
        group: `g${at}`,
        name: `n${at}`,
      })),
    });
    expect(await reasonOf(handleCommand(ledger, command, envelope))).toBe('LIMIT_REACHED');
    expect(ledger.drafts).toHaveLength(0);
  });
});

describe('feature levels', () => {
  const defined = {
    type: 'PermissionDefined',
    permission: 'orders:refund',
    resourceType: '',
    description: '',
    risk: 'NORMAL',
    auditRequired: true,
  } as const;

  it('refuses an event that came with a later level than the ledger has, and says which', async () => {
    const ledger = new ToyLedger();
    ledger.decide = () => ({ events: [defined] });
    const refused = await handleCommand(ledger, command, envelope).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      reason: 'WRONG_STATE',
      facts: { level: '1', needed: '2' },
      message: expect.stringContaining('ledgate level raise') as string,
    });
    expect(ledger.drafts).toEqual([]);
  });

  it('lets it through at that level, resting on the key of the level', async () => {
    const ledger = new ToyLedger();
    ledger.level = 2;
    ledger.decide = () => ({ events: [defined] });
    await handleCommand(ledger, command, envelope);
    const level = hexOf(featureLevelKey);
    expect(hex(ledger.drafts[0]?.reads ?? [])).toEqual(expect.arrayContaining(level));
  });

  it('reads no such key for what every build knows', async () => {
    const ledger = new ToyLedger();
    ledger.level = 2;
    await handleCommand(ledger, command, envelope);
    expect(hex(ledger.drafts[0]?.reads ?? [])).not.toContain(hexOf(featureLevelKey)[0]);
  });
});
