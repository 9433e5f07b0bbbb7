import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Clock } from '#libs/runtime/clock.js';
import { createLogger } from '#libs/runtime/log.js';
import { Shutdown, type SignalSource } from '#libs/runtime/shutdown.js';

const log = createLogger({ service: 'test', level: 'silent' });

/** A clock whose timers fire when `fire` is called. */
function manualClock(): Clock & { fire(): void; readonly pending: number } {
  const timers = new Set<() => void>();
  return {
    wallMs: () => 0,
    monotonicMs: () => 0,
    after: (_, run) => {
      timers.add(run);
      return () => timers.delete(run);
    },
    fire: () => timers.forEach((run) => run()),
    get pending() {
      return timers.size;
    },
  };
}

class Signals extends EventEmitter implements SignalSource {
  readonly codes: number[] = [];
  exit(code: number): void {
    this.codes.push(code);
  }
}

describe('Shutdown', () => {
  it('closes in the opposite order, once, each after the one before', async () => {
    const clock = manualClock();
    const shutdown = new Shutdown({ clock, log, deadlineMs: 1000 });
    const closed: string[] = [];
    shutdown.add('log', () => void closed.push('log'));
    shutdown.add('reader', async () => {
      await Promise.resolve();
      closed.push('reader');
    });
    shutdown.add('server', () => void closed.push('server'));
    expect(await Promise.all([shutdown.run('a'), shutdown.run('b')])).toEqual([true, true]);
    expect(closed).toEqual(['server', 'reader', 'log']);
    expect(shutdown.signal.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });

  it('goes on after a closer that fails, and says so', async () => {
    const shutdown = new Shutdown({ clock: manualClock(), log, deadlineMs: 1000 });
    const closed: string[] = [];
    shutdown.add('first', () => void closed.push('first'));
    shutdown.add('broken', () => Promise.reject(new Error('no')));
    shutdown.add('throws', () => {
      throw new Error('no');
    });
    expect(await shutdown.run('test')).toBe(false);
    expect(closed).toEqual(['first']);
  });

  it('gives up at the deadline', async () => {
    const clock = manualClock();
    const shutdown = new Shutdown({ clock, log, deadlineMs: 1000 });
    shutdown.add('hangs', () => new Promise<void>(() => undefined));
    const done = shutdown.run('test');
    clock.fire();
    expect(await done).toBe(false);
  });

  it('exits after SIGTERM, and at once on a second signal', async () => {
    const shutdown = new Shutdown({ clock: manualClock(), log, deadlineMs: 1000 });
    let release = (): void => undefined;
    shutdown.add('slow', () => new Promise<void>((resolve) => (release = resolve)));
    const signals = new Signals();
    const off = shutdown.onSignals(signals);
    signals.emit('SIGTERM');
    expect(signals.codes).toEqual([]);
    signals.emit('SIGINT');
    expect(signals.codes).toEqual([1]);
    release();
    await shutdown.run('again');
    await Promise.resolve();
    expect(signals.codes).toEqual([1, 0]);
    off();
    expect(signals.listenerCount('SIGTERM') + signals.listenerCount('SIGINT')).toBe(0);
  });
});
