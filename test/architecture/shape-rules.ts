import type { SourceFile } from './source-tree.js';
import { stripSource } from './strip-source.js';

export const longestFile = 400;
export const longestMedian = 100;

/** Vague wherever they stand in a name. */
const vagueWords = ['util', 'utils', 'helper', 'helpers', 'misc', 'manager', 'base'];
/** Vague alone; before a noun they can mean something (`common-passwords`). */
const vagueNames = ['common', 'shared'];

/**
 * Files that only pass on the exports of others, each with its reason. A published package needs
 * one address; inside the repository everybody names the file they mean.
 */
const packageEntries: readonly string[] = [
  'libs/client/package-entry.ts',
  'libs/subscriber/package-entry.ts',
];

export const lines = ({ text }: SourceFile): number => text.split('\n').length - 1;

export function tooLong(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => lines(file) > longestFile)
    .map((file) => `${file.path} has ${lines(file)} lines`);
}

export function medianLines(files: readonly SourceFile[]): number {
  const sorted = files.map(lines).sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

export function badNames(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path }) => {
    const names = path.split('/').map((name) => name.replace(/(\.[a-z]+)+$/, ''));
    const found =
      names.find((name) => vagueNames.includes(name)) ??
      names.flatMap((name) => name.split('-')).find((word) => vagueWords.includes(word));
    if (found !== undefined) return [`${path}: "${found}" says nothing about what is inside`];
    const odd = names.find((name) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name));
    return odd === undefined ? [] : [`${path}: "${odd}" is not kebab-case`];
  });
}

export function badExports(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const code = stripSource(file.text, 'empty');
    const found: string[] = [];
    if (/\bexport\s+default\b|\bas\s+default\b/.test(code)) found.push('a default export');
    if (/\bexport\s*\*/.test(code)) found.push('export *');
    if (isBarrel(file.path, code)) found.push('nothing but exports of other files');
    return found.map((what) => `${file.path} has ${what}`);
  });
}

function isBarrel(path: string, code: string): boolean {
  if (packageEntries.includes(path)) return false;
  if (/(^|\/)index\.[a-z]+$/.test(path)) return true;
  const passedOn = /\bexport\s+(type\s+)?\{[^}]*\}\s*from\s*''\s*;?/g;
  return passedOn.test(code) && code.replace(passedOn, '').trim() === '';
}

/** Each with an issue number, or not at all. */
export function openEnds(files: readonly SourceFile[]): string[] {
  return files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, i) =>
        /\b(TODO|FIXME|XXX|HACK)\b(?!\(#\d+\))/.test(line) ? [`${path}:${i + 1}`] : [],
      ),
  );
}
