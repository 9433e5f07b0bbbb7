import { spawnSync } from 'node:child_process';

/** A Python that has grpcio-tools (`GRPC_PYTHON`, else `python3`), or why there is none. */
export function findPython(): { readonly python: string } | { readonly why: string } {
  const python = process.env['GRPC_PYTHON'] ?? 'python3';
  const run = spawnSync(python, ['-c', 'import grpc, grpc_tools'], { encoding: 'utf8' });
  if (run.status === 0) return { python };
  if (process.env['REQUIRE_GRPC_PYTHON'] === '1') {
    throw new Error(`${python} has no grpcio-tools: ${run.stderr ?? run.error?.message}`);
  }
  const why = `${python} has no grpcio-tools`;
  process.stdout.write(`Python caller skipped: ${why}\n`);
  return { why };
}
