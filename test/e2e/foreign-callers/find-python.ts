import { spawnSync } from 'node:child_process';

/** A Python that has some modules (`GRPC_PYTHON`, else `python3`), or why there is none. */
export function findPython(
  modules: readonly string[] = ['grpc', 'grpc_tools'],
): { readonly python: string } | { readonly why: string } {
  const python = process.env['GRPC_PYTHON'] ?? 'python3';
  const run = spawnSync(python, ['-c', `import ${modules.join(', ')}`], { encoding: 'utf8' });
  if (run.status === 0) return { python };
  const why = `${python} lacks one of ${modules.join(', ')}`;
  if (process.env['REQUIRE_GRPC_PYTHON'] === '1') {
    throw new Error(`${why}: ${run.stderr ?? run.error?.message}`);
  }
  process.stdout.write(`Python caller skipped: ${why}\n`);
  return { why };
}
