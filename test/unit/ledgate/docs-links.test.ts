import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const below = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const documents = [...below('.'), ...below('docs'), ...below('docs/adr')];

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Anchors of a document's headings, as GitHub makes them. */
function anchorsOf(path: string): string[] {
  return [...read(path).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Links to other places of the repository that lead nowhere. */
function brokenLinks(path: string): string[] {
  const links = [...read(path).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
    ([, to = '']) => to,
  );
  return links.filter((link) => {
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchorsOf(target).includes(anchor);
  });
}

/** Paths in code marks that look like files of ours and are not there. */
function missingFiles(path: string): string[] {
  const named = /`((?:libs|services|test|tools|proto|docs|examples)\/[\w./-]+)`/g;
  return [...read(path).matchAll(named)]
    .map(([, file = '']) => file)
    .filter((file) => !existsSync(join(root, file)));
}

describe('the documents', () => {
  it.each(documents)('%s leads nowhere that is not there', (path) => {
    expect([...brokenLinks(path), ...missingFiles(path)]).toEqual([]);
  });

  it('have one number for each decision', () => {
    const numbers = below('docs/adr').map((path) => /(\d{4})-/.exec(path)?.[1]);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
