// The load generator: a child process of the bench, one job at a time over its IPC channel.
import { H2Connection } from './h2-connection.js';
import type { LoadJob, LoadResult } from './start-loader.js';

const sampleEvery = 997;
const samplesAtMost = 64;
/** Latencies are kept in buckets of 10 µs up to 200 ms. */
const bucketsPerMs = 100;
const buckets = 20_000;

class Load {
  private readonly job: LoadJob;
  private readonly connections: H2Connection[] = [];
  private readonly messages: readonly Buffer[];
  private readonly latencies = new Uint32Array(buckets + 1);
  private readonly samples: { question: number; message: string }[] = [];
  private next = 0;
  private calls = 0;
  private failures = 0;
  private counting = false;
  private stopped = false;

  constructor(job: LoadJob) {
    this.job = job;
    this.messages = job.requests.map((request) => {
      const bytes = Buffer.from(request, 'base64');
      const framed = Buffer.alloc(5 + bytes.length);
      framed.writeUInt32BE(bytes.length, 1);
      bytes.copy(framed, 5);
      return framed;
    });
  }

  async run(): Promise<LoadResult> {
    const { job } = this;
    for (let c = 0; c < job.connections; c++) await this.connect();
    await pause(job.warmupMs);
    this.counting = true;
    const startedAt = performance.now();
    await pause(job.durationMs);
    this.counting = false;
    const elapsedMs = performance.now() - startedAt;
    this.stopped = true;
    const broken = this.connections.map((c) => c.broken).find((why) => why !== undefined);
    for (const connection of this.connections) connection.close();
    if (broken !== undefined) throw new Error(`a connection broke: ${broken}`);
    return {
      calls: this.calls,
      failures: this.failures,
      elapsedMs,
      p50Ms: this.quantile(0.5),
      p99Ms: this.quantile(0.99),
      samples: this.samples,
    };
  }

  private async connect(): Promise<void> {
    const { job } = this;
    const connection = await H2Connection.open(job, this.messages, {
      question: (index, sentAtMs, message) => {
        if (this.counting) this.count(index, sentAtMs, message);
        if (!this.stopped) connection.send(this.nextQuestion());
      },
    });
    this.connections.push(connection);
    connection.cork();
    for (let s = 0; s < job.callsPerConnection; s++) connection.send(this.nextQuestion());
    connection.uncork();
  }

  private count(index: number, sentAtMs: number, message: Buffer | undefined): void {
    if (message === undefined) {
      this.failures += 1;
      return;
    }
    this.calls += 1;
    const bucket = Math.min(buckets, Math.floor((performance.now() - sentAtMs) * bucketsPerMs));
    this.latencies[bucket] = (this.latencies[bucket] ?? 0) + 1;
    if (this.calls % sampleEvery === 0 && this.samples.length < samplesAtMost) {
      this.samples.push({ question: index, message: message.toString('base64') });
    }
  }

  private nextQuestion(): number {
    this.next = (this.next + 1) % this.messages.length;
    return this.next;
  }

  private quantile(q: number): number {
    const rank = q * this.calls;
    let seen = 0;
    for (let b = 0; b <= buckets; b++) {
      seen += this.latencies[b] ?? 0;
      if (seen >= rank) return (b + 0.5) / bucketsPerMs;
    }
    return Number.NaN;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

process.on('message', (job: LoadJob) => {
  new Load(job).run().then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
