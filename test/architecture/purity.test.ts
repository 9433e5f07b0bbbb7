import { describe, expect, it } from 'vitest';
import { isPure, purityViolations } from './purity-rules.js';
import { sample, sourceFiles } from './source-tree.js';

const domain = 'services/identity/domain/role/decide.ts';

function violations(path: string, text: string): string[] {
  return purityViolations(sample({ [path]: text }));
}

describe('pure code', () => {
  it('neither reads the world nor imports what does', () => {
    expect(purityViolations(sourceFiles('libs', 'services'))).toEqual([]);
  });

  it('is found where it is meant to be, so that a moved file does not leave the rule', () => {
    const found = sourceFiles('libs', 'services')
      .map(({ path }) => path)
      .filter(isPure);
    for (const file of ['record', 'judge', 'verdict-window', 'chain', 'mac', 'fold']) {
      expect(found).toContain(`libs/ledger/${file}.ts`);
    }
    for (const folder of ['libs/errors/', 'libs/events/', 'libs/access/evaluate/']) {
      expect(found.some((path) => path.startsWith(folder))).toBe(true);
    }
    expect(found).toContain('libs/events/keys.ts');
  });

  it.each([
    'const now = Date.now();',
    'const now = new Date();',
    'const dice = Math.random();',
    "const home = process.env['HOME'];",
    'const age = performance.now();',
    'setTimeout(() => undefined, 10);',
    'const g = globalThis;',
    'console.log(1);',
    'const id = crypto.randomUUID();',
    'names.sort((a, b) => a.localeCompare(b));',
    "import { readFileSync } from 'node:fs';",
    "import { createHash } from 'node:crypto';",
    "import { z } from 'zod';",
    "import type { Logger } from 'pino';",
    "import { systemClock } from '#libs/runtime/clock.js';",
    "import { Writer } from '#libs/ledger/writer.js';",
  ])('may not contain: %s', (text) => {
    expect(violations(domain, text)).toHaveLength(1);
  });

  it.each([
    '/** Since Date and process are not to be had here, `at` arrives in the command. */',
    "const text = 'process this Date';",
    'const steps = { process: 1 }; queue.process();',
    "import type { Clock } from '#libs/runtime/clock.js';",
    "import { Failure } from '#libs/errors/failure.js';",
  ])('may contain: %s', (text) => {
    expect(violations(domain, text)).toEqual([]);
  });

  it('may hash in the core of the ledger, and nowhere else', () => {
    const text = "import { createHash } from 'node:crypto';";
    expect(violations('libs/ledger/chain.ts', text)).toEqual([]);
    expect(violations('libs/ledger/chain.ts', `${text} randomBytes(4);`)).toHaveLength(1);
    expect(violations('libs/access/evaluate/check.ts', text)).toHaveLength(1);
  });
});
