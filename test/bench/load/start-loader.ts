import { spawnPinned, type PinnedProcess } from './spawn-pinned.js';

/** Closed loop: `connections` × `callsPerConnection` calls are always in flight. */
export interface LoadJob {
  readonly host: string;
  readonly port: number;
  /** The full gRPC path, `/package.Service/Method`. */
  readonly path: string;
  readonly headers: Record<string, string>;
  /** Request messages (base64), asked in turn. */
  readonly requests: readonly string[];
  readonly connections: number;
  readonly callsPerConnection: number;
  readonly warmupMs: number;
  readonly durationMs: number;
}

export interface LoadResult {
  /** Calls that were answered with one whole message within `elapsedMs`. */
  readonly calls: number;
  readonly failures: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Some of the answers (base64), for the caller to check. */
  readonly samples: readonly { readonly question: number; readonly message: string }[];
}

export interface Loader {
  run(job: LoadJob): Promise<LoadResult>;
  stop(): Promise<void>;
}

/** Starts the load generator in a process of its own, on the last core. */
export async function startLoader(): Promise<Loader> {
  const child: PinnedProcess = await spawnPinned('test/bench/load/loader.ts', 'last');
  return {
    run: async (job) => {
      const answer = (await child.ask(job)) as { result?: LoadResult; error?: string };
      if (answer.result === undefined) throw new Error(answer.error ?? 'the loader died');
      return answer.result;
    },
    stop: () => child.stop(),
  };
}
