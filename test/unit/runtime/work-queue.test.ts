import { describe, expect, it } from 'vitest';
import type { Clock } from '#libs/runtime/clock.js';
import { QueueFull, WorkQueue } from '#libs/runtime/work-queue.js';

let nowMs = 0;
const clock: Clock = {
  wallMs: () => nowMs,
  monotonicMs: () => nowMs,
  after: () => () => undefined,
};
const options = { clock, concurrency: 2, maxWaitMs: 2000, expectedMs: 500 };

function gate(): { readonly work: () => Promise<string>; readonly open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<string>((resolve) => (open = () => resolve('done')));
  return { work: () => opened, open: () => open() };
}
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('WorkQueue', () => {
  it('runs no more at once than it may, in order of arrival', async () => {
    const queue = new WorkQueue(options);
    const order: number[] = [];
    let running = 0;
    let most = 0;
    const all = Array.from({ length: 6 }, (_, i) =>
      queue.run(async () => {
        most = Math.max(most, ++running);
        order.push(i);
        await settled();
        running -= 1;
      }),
    );
    await Promise.all(all);
    expect(most).toBe(2);
    expect(order).toEqual([0, 1, 2, 3, 4, 5]);
    expect(queue.running).toBe(0);
  });

  it('refuses at once what would wait longer than 2 s, and says when to come back', async () => {
    const queue = new WorkQueue(options);
    const { work, open } = gate();
    const taken = Array.from({ length: 10 }, () => queue.run(work));
    expect(queue.waiting).toBe(8);
    await expect(queue.run(work)).rejects.toEqual(new QueueFull(2250));
    open();
    await Promise.all(taken);
    await expect(queue.run(work)).resolves.toBe('done');
  });

  it('serves what goes first before what goes last, and has room for it behind a flood', async () => {
    const queue = new WorkQueue({ ...options, concurrency: 1 });
    const { work, open } = gate();
    const order: string[] = [];
    const noted = (name: string) => async (): Promise<void> => {
      await work();
      order.push(name);
    };
    const flood = Array.from({ length: 20 }, () => queue.run(noted('last'), undefined, 'last'));
    const outcomes = Promise.allSettled(flood);
    expect(queue.waiting).toBe(4);
    const guests = [queue.run(noted('first')), queue.run(noted('first'))];
    await expect(queue.run(work, undefined, 'last')).rejects.toThrow(QueueFull);
    open();
    await Promise.all(guests);
    const refused = (await outcomes).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(15);
    expect(order).toEqual(['last', 'first', 'first', 'last', 'last', 'last', 'last']);
    expect(queue.waiting + queue.running).toBe(0);
  });

  it('learns the cost: slow work makes the queue shorter', async () => {
    const queue = new WorkQueue({ ...options, concurrency: 1 });
    for (let i = 0; i < 30; i++) {
      await queue.run(() => {
        nowMs += 1500;
        return Promise.resolve();
      });
    }
    const { work, open } = gate();
    const taken = [queue.run(work), queue.run(work)];
    await expect(queue.run(work)).rejects.toThrow(QueueFull);
    open();
    await Promise.all(taken);
  });

  it('frees the place of work that failed, and of waiters that gave up', async () => {
    const queue = new WorkQueue({ ...options, concurrency: 1 });
    await expect(queue.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    const { work, open } = gate();
    const abort = new AbortController();
    const first = queue.run(work);
    const waiter = queue.run(work, abort.signal);
    abort.abort(new Error('gone'));
    await expect(waiter).rejects.toThrow('gone');
    await expect(queue.run(work, abort.signal)).rejects.toThrow('gone');
    expect(queue.waiting).toBe(0);
    open();
    await first;
    expect(queue.running).toBe(0);
  });
});
