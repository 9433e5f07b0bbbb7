import { describe, expect, it } from 'vitest';
import { ownTransaction, type StoredCheckpoint } from '#libs/subscriber/checkpoint.js';
import { isAfter, type Mark } from '#libs/subscriber/mark.js';
import { subscribe, type SubscribeOptions } from '#libs/subscriber/subscribe.js';
import { SubscriberError } from '#libs/subscriber/subscriber-error.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Poison } from '#libs/subscriber/handlers.js';
import { item, mark, passed, ScriptedSource, stream } from './scripted-source.js';

/** Pauses are over at the next turn. */
const clock: Clock = {
  wallMs: () => 0,
  monotonicMs: () => 0,
  after: (_, run) => {
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  },
};

function memory(initial?: Mark): StoredCheckpoint & { readonly saved: Mark[] } {
  const saved: Mark[] = initial === undefined ? [] : [initial];
  return {
    kind: 'stored',
    saved,
    load: () => Promise.resolve(saved.at(-1)),
    save: (_, next) => Promise.resolve(void saved.push(next)),
  };
}

const never = (poison: Poison): never => {
  throw new Error(`poison: ${String(poison.error)}`);
};

type Options = SubscribeOptions<undefined>;
function begin(source: ScriptedSource, more: Partial<Options> = {}) {
  const seen: string[] = [];
  const checkpoint = memory();
  const on = { GrantRevoked: (_: unknown, { id }: { id: string }) => void seen.push(id) };
  const options: Options = { source, checkpoint, start: 'beginning', on, onPoison: never, clock };
  return { seen, checkpoint, subscription: subscribe({ ...options, ...more }) };
}
const id = (position: number, index = 0): string => `auth.ledger.v1:${position}:${index}`;

describe('a subscription', () => {
  it('handles in order, saves how far it came, and closes its source', async () => {
    const source = new ScriptedSource([item(1), item(1, 1), item(4), passed(9)]);
    const { seen, checkpoint, subscription } = begin(source);
    await expect.poll(() => checkpoint.saved.at(-1)).toEqual(mark(9));
    await subscription.stop();
    expect(seen).toEqual([id(1), id(1, 1), id(4)]);
    expect(source.closed).toBe(true);
  });

  it('drops repeats, also those of what its checkpoint knows', async () => {
    const source = new ScriptedSource([item(1), item(3), item(2), item(3), item(3, 1)]);
    const { seen, subscription } = begin(source, { checkpoint: memory(mark(1)) });
    await expect.poll(() => seen.length).toBe(2);
    await subscription.stop();
    expect(seen).toEqual([id(3), id(3, 1)]);
    expect(subscription.counts).toMatchObject({ handled: 2, repeats: 3 });
  });

  it('connects again behind what it received, and says why', async () => {
    const source = new ScriptedSource([item(1), new Error('cut')], [item(1), item(2)]);
    const troubles: unknown[] = [];
    const { seen, subscription } = begin(source, { onTrouble: (error) => troubles.push(error) });
    await expect.poll(() => seen.length).toBe(2);
    await subscription.stop();
    expect(source.resumed).toEqual([undefined, mark(1)]);
    expect([seen, troubles]).toEqual([[id(1), id(2)], [new Error('cut')]]);
  });

  it.each(['REFUSED', 'DIVERGED'] as const)('ends when it is %s', async (kind) => {
    const source = new ScriptedSource([item(1), new SubscriberError(kind, 'no')], [item(2)]);
    const { subscription } = begin(source);
    await expect(subscription.done).rejects.toMatchObject({ kind });
    await expect(subscription.stop()).rejects.toMatchObject({ kind });
    expect([source.resumed.length, source.closed]).toEqual([1, true]);
  });

  it('ends when its checkpoint cannot be kept, rather than go on without', async () => {
    const full = new Error('disk full');
    const checkpoint = { ...memory(), save: () => Promise.reject(full) };
    const { subscription } = begin(new ScriptedSource([item(1)]), { checkpoint });
    await expect(subscription.done).rejects.toMatchObject({ kind: 'CHECKPOINT', cause: full });
  });
});

describe('a poison event', () => {
  const failing = (times: number) => {
    let calls = 0;
    const handled: number[] = [];
    const on = {
      GrantRevoked: (_: unknown, { position }: { position: number }) => {
        if (position === 2 && calls++ < times) throw new Error('boom');
        handled.push(position);
      },
    };
    return { on, handled };
  };
  const three = () => new ScriptedSource([item(1), item(2), item(3)]);

  it('is tried again until it works', async () => {
    const { on, handled } = failing(3);
    const attempts: number[] = [];
    const onPoison = ({ attempt }: Poison) => {
      attempts.push(attempt);
      return 'retry' as const;
    };
    const { subscription } = begin(three(), { on, onPoison });
    await expect.poll(() => handled).toEqual([1, 2, 3]);
    await subscription.stop();
    expect(attempts).toEqual([1, 2, 3]);
  });

  it('is skipped once its owner has it', async () => {
    const { on, handled } = failing(9);
    const kept: string[] = [];
    const onPoison = ({ id: one, why }: Poison) => {
      kept.push(`${one} ${why}`);
      return 'skip' as const;
    };
    const { checkpoint, subscription } = begin(three(), { on, onPoison });
    await expect.poll(() => checkpoint.saved.at(-1)).toEqual(mark(3));
    await subscription.stop();
    expect([kept, handled]).toEqual([[`${id(2)} HANDLER_FAILED`], [1, 3]]);
    expect(subscription.counts.skipped).toBe(1);
  });

  it('stops the subscription before it', async () => {
    const { on, handled } = failing(9);
    const { checkpoint, subscription } = begin(three(), { on, onPoison: () => 'stop' });
    await expect(subscription.done).rejects.toMatchObject({ kind: 'POISON' });
    expect([handled, checkpoint.saved]).toEqual([[1], [mark(1)]]);
  });

  it('that nobody understands is told too', async () => {
    const read = { ok: false, why: 'UNKNOWN_TYPE', type: 'X', problem: '?', bytes: Buffer.of(1) };
    const unknown = { ...item(2), read } as ReturnType<typeof item>;
    const told: Poison[] = [];
    const onPoison = (poison: Poison) => {
      told.push(poison);
      return 'skip' as const;
    };
    const { seen, subscription } = begin(new ScriptedSource([unknown, item(3)]), { onPoison });
    await expect.poll(() => seen).toEqual([id(3)]);
    await subscription.stop();
    expect(told).toMatchObject([{ why: 'UNKNOWN_TYPE', position: 2, read }]);
  });

  it('that waits to be tried again does not keep it from stopping', async () => {
    const slow: Clock = { ...clock, after: () => () => undefined };
    let told = 0;
    const onPoison = () => {
      told += 1;
      return 'retry' as const;
    };
    const { on } = failing(9);
    const { checkpoint, subscription } = begin(three(), { on, onPoison, clock: slow });
    await expect.poll(() => told).toBe(1);
    await subscription.stop();
    expect(checkpoint.saved).toEqual([mark(1)]);
  });
});

describe('several in flight', () => {
  it('are bounded, keep the order of a key, and are saved only when all before are done', async () => {
    const finish: (() => void)[] = [];
    const began: number[] = [];
    const on = {
      GrantRevoked: (_: unknown, { position }: { position: number }) => {
        began.push(position);
        return new Promise<void>((resolve) => finish.push(resolve));
      },
    };
    const items = [item(1, 0, 'a'), item(2, 0, 'a'), item(3, 0, 'b'), item(4, 0, 'c')];
    const source = new ScriptedSource(items);
    const { checkpoint, subscription } = begin(source, { on, maxInFlight: 3 });
    await expect.poll(() => began).toEqual([1, 3]);
    finish[1]?.();
    await expect.poll(() => began).toEqual([1, 3, 4]);
    expect(checkpoint.saved).toEqual([]);
    finish[0]?.();
    await expect.poll(() => checkpoint.saved).toEqual([mark(1)]);
    await expect.poll(() => began).toEqual([1, 3, 4, 2]);
    for (const done of finish) done();
    await expect.poll(() => checkpoint.saved.at(-1)).toEqual(mark(4));
    await subscription.stop();
  });

  it('are refused where effects and checkpoint are one transaction', () => {
    const checkpoint = ownTransaction({
      load: () => Promise.resolve(undefined),
      transact: () => Promise.resolve(true),
    });
    const wrong = (): unknown =>
      subscribe({
        source: new ScriptedSource(),
        checkpoint,
        start: 'now',
        on: {},
        onPoison: never,
        maxInFlight: 2,
      });
    expect(wrong).toThrow(/one after the other/);
  });
});

describe('a checkpoint in the transaction of the effect', () => {
  it('gives the handler the transaction, and counts what another process did as repeats', async () => {
    let stored: Mark | undefined = mark(2);
    const effects: number[] = [];
    const checkpoint = ownTransaction<number[]>({
      // Somebody else went on after this process had loaded its mark.
      load: () => Promise.resolve(mark(0)),
      transact: async ({ to }, work) => {
        if (!isAfter(to, stored)) return false;
        const tx: number[] = [];
        await work(tx);
        effects.push(...tx);
        stored = to;
        return true;
      },
    });
    const source = new ScriptedSource([item(1), item(2), item(3)]);
    const subscription = subscribe<number[]>({
      source,
      checkpoint,
      start: 'beginning',
      on: { GrantRevoked: (_, { tx, position }) => void tx.push(position) },
      onPoison: never,
      clock,
    });
    await expect.poll(() => subscription.received.get(stream)).toEqual(mark(3));
    await subscription.stop();
    expect([effects, stored]).toEqual([[3], mark(3)]);
    expect(subscription.counts).toMatchObject({ handled: 1, repeats: 2 });
  });
});
