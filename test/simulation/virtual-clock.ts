import type { Clock } from '#libs/runtime/clock.js';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Time that moves only when nothing is left to do: runs replay exactly. */
export class VirtualClock implements Clock {
  readonly #timers: Timer[] = [];
  #nowMs = 0;
  #order = 0;
  readonly #epochMs = 1_700_000_000_000;

  wallMs(): number {
    return this.#epochMs + Math.floor(this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = {
      atMs: this.#nowMs + Math.max(0, delayMs),
      order: this.#order++,
      run,
      cancelled: false,
    };
    this.#push(timer);
    return () => {
      timer.cancelled = true;
    };
  }

  /** Runs everything that is due up to `untilMs`. */
  async run(untilMs: number): Promise<void> {
    await settled();
    for (let timer = this.#timers[0]; timer && timer.atMs <= untilMs; timer = this.#timers[0]) {
      this.#pop();
      if (timer.cancelled) continue;
      this.#nowMs = timer.atMs;
      timer.run();
      await settled();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    let i = heap.push(timer) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(heap[i]!, heap[parent]!)) break;
      [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
      i = parent;
    }
  }

  #pop(): void {
    const heap = this.#timers;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    heap[0] = last;
    for (let i = 0; ;) {
      const left = 2 * i + 1;
      let least = i;
      for (const child of [left, left + 1]) {
        if (heap[child] && before(heap[child], heap[least]!)) least = child;
      }
      if (least === i) return;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  }
}

/** All promises that can go on have gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function before(a: Timer, b: Timer): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

/**
 * The clock of one process: it can stand still (a paused process) and die (a crashed one), and its
 * wall time may be `skewMs` off.
 */
export class ProcessClock implements Clock {
  readonly #clock: VirtualClock;
  readonly #skewMs: number;
  #waiting: (() => void)[] = [];
  #paused = false;
  #dead = false;

  constructor(clock: VirtualClock, skewMs = 0) {
    this.#clock = clock;
    this.#skewMs = skewMs;
  }

  wallMs(): number {
    return this.#clock.wallMs() + this.#skewMs;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  after(delayMs: number, run: () => void): () => void {
    let cancelled = false;
    this.#clock.after(delayMs, () => {
      if (cancelled || this.#dead) return;
      if (this.#paused) this.#waiting.push(() => !cancelled && run());
      else run();
    });
    return () => {
      cancelled = true;
    };
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const run of waiting) if (!this.#dead) run();
  }

  /** Nothing that was under way goes on. */
  kill(): void {
    this.#dead = true;
    this.#waiting = [];
  }
}
