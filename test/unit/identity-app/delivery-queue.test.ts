import { describe, expect, it } from 'vitest';
import { DeliveryQueue } from '#services/identity/adapters/delivery/delivery-queue.js';
import {
  DeliveryRefused,
  type WrittenMessage,
} from '#services/identity/adapters/delivery/transport.js';
import type { Message } from '#services/identity/ports/delivery.js';
import { ManualClock } from './manual-clock.js';

const message = (to = 'ada@example.org', validMs = 600_000): Message => ({
  tenant: 't',
  tenantName: 'Acme',
  to,
  content: { kind: 'LOGIN_CODE', code: '123456', validMs },
});

/** A queue whose transport does as each test says. */
function setUp(deliver: (written: WrittenMessage) => Promise<void>, room = 1000) {
  const clock = new ManualClock();
  const troubles: { readonly problem: string; readonly again: boolean }[] = [];
  let ids = 0;
  const queue = new DeliveryQueue({
    transport: { deliver },
    write: () => ({ subject: 's', text: 't' }),
    clock,
    newId: () => `id-${(ids += 1)}`,
    onTrouble: (trouble) => troubles.push(trouble),
    room,
  });
  return { clock, queue, troubles };
}

/** Lets everything happen that is due, and what follows from it. */
async function settle(clock: ManualClock, ms = 0): Promise<void> {
  clock.advance(ms);
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

describe('delivery queue', () => {
  it('1: takes a message without touching transport or words, whoever it is for', () => {
    const { queue } = setUp(() => {
      throw new Error('must not be called yet');
    });
    queue.send(message());
    queue.send(message('nobody'));
    expect(queue.waiting).toBe(2);
  });

  it('brings messages later, a few at once', async () => {
    const open: (() => void)[] = [];
    const { clock, queue } = setUp(() => new Promise((resolve) => void open.push(resolve)));
    for (let sent = 0; sent < 6; sent += 1) queue.send(message());
    await settle(clock);
    expect(open).toHaveLength(4);
    open.splice(0).forEach((finish) => finish());
    await settle(clock);
    expect(open).toHaveLength(2);
    open.splice(0).forEach((finish) => finish());
    await settle(clock);
    expect([queue.waiting, queue.counts.sent]).toEqual([0, 6]);
  });

  it('2: tries again under the same id, after longer and longer pauses', async () => {
    const ids: string[] = [];
    const { clock, queue, troubles } = setUp(({ id }) => {
      ids.push(id);
      const down = Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
      return ids.length < 4 ? Promise.reject(down) : Promise.resolve();
    });
    queue.send(message());
    await settle(clock);
    for (const pauseMs of [1_000, 4_000, 16_000]) {
      await settle(clock, pauseMs - 1);
      const before = ids.length;
      await settle(clock, 1);
      expect(ids).toHaveLength(before + 1);
    }
    expect(new Set(ids).size).toBe(1);
    expect(queue.counts.sent).toBe(1);
    const trouble = { problem: 'ECONNREFUSED', again: true };
    expect(troubles).toEqual([trouble, trouble, trouble]);
  });

  it('2: gives up when what it carries is no longer valid', async () => {
    let tries = 0;
    const { clock, queue } = setUp(() => {
      tries += 1;
      return Promise.reject(new Error('down'));
    });
    queue.send(message('a@example.org', 10_000));
    await settle(clock);
    for (let second = 0; second < 60; second += 1) await settle(clock, 1_000);
    expect([tries, queue.counts.expired, queue.waiting]).toEqual([3, 1, 0]);
  });

  it('does not repeat what was refused', async () => {
    let tries = 0;
    const { clock, queue, troubles } = setUp(() => {
      tries += 1;
      return Promise.reject(new DeliveryRefused('answer 550'));
    });
    queue.send(message());
    await settle(clock);
    await settle(clock, 600_000);
    expect([tries, queue.counts.refused]).toEqual([1, 1]);
    expect(troubles).toEqual([{ problem: 'answer 550', again: false }]);
  });

  it('2: drops and counts what finds no room', async () => {
    const { clock, queue } = setUp(() => new Promise(() => undefined), 3);
    for (let sent = 0; sent < 5; sent += 1) queue.send(message());
    await settle(clock);
    expect([queue.waiting, queue.counts.dropped]).toEqual([3, 2]);
  });

  it('takes nothing once it is closed, and no longer waits', async () => {
    const { clock, queue } = setUp(() => Promise.reject(new Error('down')));
    queue.send(message());
    await settle(clock);
    queue.close();
    queue.send(message());
    expect([queue.waiting, queue.counts.dropped]).toEqual([0, 1]);
  });

  it('3: tells of trouble by codes, never in words of the other side', async () => {
    const words = new Error('no mailbox ada@example.org for code 123456');
    const { clock, queue, troubles } = setUp(() => Promise.reject(words));
    queue.send(message());
    await settle(clock);
    expect(troubles).toEqual([{ problem: 'Error', again: true }]);
  });
});
