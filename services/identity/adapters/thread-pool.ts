/** Threads of the pool that are not for hashing: DNS, files, LMDB. */
const RESERVE = 4;

/**
 * How many hashes may run at once, given the size of libuv's thread pool, and what an operator
 * should be told about it. The pool's size is fixed when Node starts, so it cannot be mended here.
 */
export function hashThreads(
  cores: number,
  poolSize: string | undefined,
): { readonly parallel: number; readonly advice: string | undefined } {
  const configured = Number.parseInt(poolSize ?? '4', 10);
  const threads = Number.isFinite(configured) && configured > 0 ? configured : 4;
  if (threads >= cores + RESERVE) return { parallel: cores, advice: undefined };
  return {
    parallel: Math.max(1, Math.min(cores, threads - 2)),
    advice: `UV_THREADPOOL_SIZE is ${threads}: set it to ${cores + RESERVE} before Node starts`,
  };
}
