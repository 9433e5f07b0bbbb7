import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from './source-tree.js';

/**
 * The linter runs as a step of its own; this shows that its settings reach the rules that matter.
 * The samples must lie inside the repository: type-aware rules need its tsconfig.
 */
const longFunction = `export function long(): number {\n${'  void 0;\n'.repeat(70)}  return 1;\n}\n`;
const longFile = Array.from({ length: 401 }, (_, i) => `export type A${i} = 1;\n`).join('');
const samples: Record<string, [rule: string, text: string]> = {
  'long-function.ts': ['max-lines-per-function', longFunction],
  'long-file.ts': ['max-lines', longFile],
  'floating.ts': [
    'no-floating-promises',
    'export async function work(): Promise<void> {\n  await Promise.resolve();\n}\nwork();\n',
  ],
  'misused.ts': [
    'no-misused-promises',
    '[1].forEach(async () => {\n  await Promise.resolve();\n});\nexport const a = 1;\n',
  ],
  'switch.ts': [
    'switch-exhaustiveness-check',
    [
      "export function f(kind: 'a' | 'b'): number {",
      "  switch (kind) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n",
    ].join('\n'),
  ],
  'any.ts': ['no-explicit-any', 'export const a: any = 1;\n'],
  'default.ts': ['no-default-export', 'const a = 1;\nexport default a;\n'],
  'console.ts': ['no-console', 'export const a = 1;\nconsole.log(a);\n'],
  'throw.ts': ['only-throw-error', "export function f(): never {\n  throw 'x';\n}\n"],
};

describe('the linter', () => {
  let folder: string;
  let output: string;

  beforeAll(() => {
    mkdirSync(join(root, '.cache'), { recursive: true });
    folder = mkdtempSync(join(root, '.cache', 'lint-'));
    const files = Object.entries(samples).map(([name, [, text]]) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    });
    const args = ['--type-aware', '--no-ignore', '-f', 'unix', '-c', '.oxlintrc.json', ...files];
    const run = spawnSync(join(root, 'node_modules/.bin/oxlint'), args, {
      cwd: root,
      encoding: 'utf8',
    });
    output = run.stdout;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const breaks = Object.entries(samples).map(([name, [rule]]) => [name, rule] as const);
  it.each(breaks)('reports that %s breaks %s', (name, rule) => {
    const reports = output.split('\n').filter((line) => line.includes(name));
    expect(reports.filter((line) => line.includes(`(${rule})`))).not.toEqual([]);
  });
});
