import { describe, expect, it } from 'vitest';
import { Channel, type Waiting } from '#services/authorizer/app/decision-log/channel.js';
import { LinesRefused, type Sink } from '#services/authorizer/app/decision-log/sink.js';
import { ManualClock } from '../../identity-app/manual-clock.js';

/** Takes lines, or fails in the way it is told to. */
class ToySink implements Sink {
  readonly name = 'toy';
  readonly lines: string[] = [];
  failure: Error | undefined;
  closed = false;

  async write(lines: readonly string[]): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    this.lines.push(...lines);
  }
  async close(): Promise<void> {
    this.closed = true;
  }
}

const line = (id: string, bytes = 100): Waiting => ({
  id,
  atMs: Number(id),
  bytes,
  encoded: () => `line ${id}`,
});

function world(lines: number, bytes = 10_000_000) {
  const clock = new ManualClock();
  const sink = new ToySink();
  const troubles: unknown[] = [];
  const onTrouble = (_: string, error: unknown): void => void troubles.push(error);
  const channel = new Channel({
    sink,
    clock,
    authorizer: 'a',
    most: { lines, bytes },
    onTrouble,
  });
  /** Lets timers pass and what they started come to an end. */
  const pass = async (ms = 20_000): Promise<void> => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, sink, channel, troubles, pass };
}

describe('the buffer in front of a sink', () => {
  it('writes lines in their order, and is empty then', async () => {
    const { sink, channel, pass } = world(1_000);
    for (let i = 1; i <= 600; i++) channel.offer(line(String(i)));
    expect([sink.lines.length, channel.waiting]).toEqual([0, 600]);
    await pass();
    expect(sink.lines).toEqual(Array.from({ length: 600 }, (_, i) => `line ${i + 1}`));
    expect([channel.waiting, channel.written, channel.dropped]).toEqual([0, 600, 0]);
  });

  it('tries again until the sink takes them, and loses none', async () => {
    const { sink, channel, troubles, pass } = world(1_000);
    sink.failure = new Error('down');
    channel.offer(line('1'));
    await pass();
    channel.offer(line('2'));
    await pass();
    expect(sink.lines).toEqual([]);
    expect(channel.errors).toBeGreaterThan(1);
    expect(troubles).toHaveLength(channel.errors);
    sink.failure = undefined;
    await pass();
    expect(sink.lines).toEqual(['line 1', 'line 2']);
  });

  it('counts what finds no room, and says so before the next line', async () => {
    const { sink, channel, pass } = world(3);
    sink.failure = new Error('down');
    for (let i = 1; i <= 8; i++) channel.offer(line(String(i)));
    expect([channel.hasRoom, channel.dropped, channel.fill]).toEqual([false, 5, 1]);
    await pass();
    sink.failure = undefined;
    await pass();
    channel.offer(line('9'));
    await pass();
    const gap = { fromId: '4', fromMs: 4, untilMs: 8, count: 5 };
    const said = JSON.stringify({ decisionLog: 1, kind: 'gap', authorizer: 'a', ...gap });
    expect(sink.lines).toEqual(['line 1', 'line 2', 'line 3', said, 'line 9']);
  });

  it('says so also when no line follows', async () => {
    const { sink, channel, pass } = world(2);
    for (let i = 1; i <= 4; i++) channel.offer(line(String(i)));
    await pass();
    expect(sink.lines).toHaveLength(3);
    expect(JSON.parse(sink.lines[2] ?? '')).toMatchObject({ kind: 'gap', count: 2 });
  });

  it('has room by bytes, too', () => {
    const { channel } = world(1_000_000, 200_000);
    for (let i = 1; channel.hasRoom; i++) channel.offer(line(String(i), 10_000));
    expect(channel.waiting).toBe(14);
    channel.offer(line('99', 1));
    expect(channel.dropped).toBe(1);
  });

  it('makes a gap of what a sink will never take', async () => {
    const { sink, channel, pass } = world(1_000);
    sink.failure = new LinesRefused('no');
    for (let i = 1; i <= 3; i++) channel.offer(line(String(i)));
    await pass();
    sink.failure = undefined;
    await pass();
    expect(sink.lines).toHaveLength(1);
    expect(JSON.parse(sink.lines[0] ?? '')).toMatchObject({ kind: 'gap', fromId: '1', count: 3 });
  });

  it('says how many it lost when the sink stays down to the end', async () => {
    const { sink, channel, pass } = world(3);
    sink.failure = new Error('down');
    for (let i = 1; i <= 5; i++) channel.offer(line(String(i)));
    const lost = channel.close(line('0'), 1_000);
    await pass();
    await pass();
    expect(await lost).toBe(6);
    expect([sink.closed, channel.hasRoom]).toEqual([true, false]);
  });
});
