import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from './source-tree.js';

const page = readFileSync(join(root, 'docs/threat-model.md'), 'utf8');

/** The rows of all tables whose last column says which tests show it. */
const rows = page.split(/^## /mu).flatMap((section) => {
  const table = section.split('\n').filter((line) => line.startsWith('|'));
  if (table[0]?.includes('shown by') !== true) return [];
  return table.slice(2).map((line) => {
    const cells = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/gu, ''));
    return { line, what: cells[0] ?? '', files: filesIn(cells.at(-1) ?? '') };
  });
});

function filesIn(text: string): string[] {
  return [...text.matchAll(/`(test\/[^`]+)`/gu)].map(([, file = '']) => file);
}

/** `CVE-2024-56323`, `GHSA-83c4`, `#8288`, `v26.2.5`, `2025-06-12`: by what others know it. */
function namesIn(text: string): string[] {
  return text.match(/CVE-\d{4}-\d+|GHSA-\w+|#\d+|v\d+\.\d+\.\d+|\b20\d\d-\d\d-\d\d\b/gu) ?? [];
}

describe('docs/threat-model.md', () => {
  it('names tests that exist, each once in its row', () => {
    const files = filesIn(page);
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
    const repeated = rows.filter((row) => new Set(row.files).size < row.files.length);
    expect(repeated.map(({ line }) => line)).toEqual([]);
  });

  it('has a test for every row, or says "not yet"', () => {
    expect(rows.length).toBeGreaterThan(70);
    const bare = rows.filter(({ line, files }) => {
      return files.length === 0 && !line.includes('**not yet**');
    });
    expect(bare.map(({ line }) => line)).toEqual([]);
  });

  it('has tests that say whose vulnerability they keep out', () => {
    const known = rows.filter(({ what, files }) => namesIn(what).length > 0 && files.length > 0);
    expect(known.length).toBeGreaterThan(15);
    const silent = known.filter(({ what, files }) => {
      const text = files.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
      return !namesIn(what).some((name) => text.includes(name.replace(/^CVE-\d{4}/u, '')));
    });
    expect(silent.map(({ line }) => line)).toEqual([]);
  });
});
