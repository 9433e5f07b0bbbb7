import { importsOf, type Import } from './imports-of.js';
import type { SourceFile } from './source-tree.js';
import { stripSource } from './strip-source.js';

/**
 * Code whose answer depends on its arguments alone: the same on every machine, at every time. A
 * verdict, a decision or a fold that looked at a clock would differ between two readers.
 */
export const pure: readonly RegExp[] = [
  /^libs\/errors\//,
  /^libs\/events\/(?!(cloud-event|codec|control-codec|event-format|[a-z]+-formats|payload-reader|payload-writer|public-event-codec|wire-numbers)\.ts$)/,
  /^libs\/ledger\/(announcements|record|judge|verdict-window|last-writers|chain|mac|audit-key|consistency-token|fold|defences)\.ts$/,
  /^libs\/decider\/(?!handle-command)/,
  /^libs\/runtime\/hmac-sha256\.ts$/,
  /^libs\/access\//,
  /^libs\/audit\//,
  /^services\/identity\/domain\//,
];

/** Hashing is a function of its input; everything random in node:crypto is not. */
const mayHash: readonly RegExp[] = [
  /^libs\/ledger\//,
  /^libs\/events\/(keys|endpoint-digest)\.ts$/,
  /^libs\/runtime\/hmac-sha256\.ts$/,
];

const impure: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Date', /\bDate\b/],
  ['Math.random', /\bMath\s*\.\s*random\b/],
  ['process', /(?<![.\w$])process\b(?!\s*[:(])/],
  ['performance', /\bperformance\s*\./],
  ['a timer', /\bset(Timeout|Interval|Immediate)\s*\(|\bqueueMicrotask\s*\(/],
  ['globalThis', /\bglobalThis\b/],
  ['console', /\bconsole\s*\./],
  ['fetch', /(?<![.\w$])fetch\s*\(/],
  ['randomness', /\brandom(Bytes|UUID|Int|FillSync|Fill)\b|\bgetRandomValues\b/],
  ['locale', /\btoLocale\w+\b|\blocaleCompare\b|\bIntl\s*\./],
];

export const isPure = (path: string): boolean => pure.some((pattern) => pattern.test(path));

export function purityViolations(files: readonly SourceFile[]): string[] {
  return files
    .filter((file) => isPure(file.path))
    .flatMap((file) => [...impureNames(file), ...impureImports(file)]);
}

function impureNames({ path, text }: SourceFile): string[] {
  const code = stripSource(text, 'empty');
  return impure.flatMap(([name, pattern]) => (pattern.test(code) ? [`${path} uses ${name}`] : []));
}

function impureImports(file: SourceFile): string[] {
  return importsOf(file).flatMap((one) => {
    const why = whyImpure(one);
    return why === undefined ? [] : [`${file.path} imports ${one.specifier}: ${why}`];
  });
}

function whyImpure({ from, file, node, npm, typeOnly }: Import): string | undefined {
  if (npm !== undefined) return 'no npm in pure code';
  if (node !== undefined) {
    const hashes = node === 'crypto' && mayHash.some((pattern) => pattern.test(from));
    return hashes ? undefined : 'no node: in pure code';
  }
  // A type is erased; a value brings all that its module imports.
  if (file === undefined || typeOnly || isPure(file)) return undefined;
  return 'it is not pure itself';
}
