import { posix } from 'node:path';
import type { SourceFile } from './source-tree.js';
import { stripSource } from './strip-source.js';

/** One import, re-export, dynamic import or require of a file. */
export interface Import {
  readonly from: string;
  /** As written. */
  readonly specifier: string;
  /** The file it means, for one of ours: `libs/errors/failure.ts`. */
  readonly file?: string;
  /** The package it means, for one of npm: `@grpc/grpc-js`. */
  readonly npm?: string;
  /** The module it means, for one of Node: `crypto`. */
  readonly node?: string;
  /** Erased by the compiler: nothing is loaded at run time. */
  readonly typeOnly: boolean;
}

const statements =
  /^\s*(?:import|export)\s+(type\s+)?(?:([\w$*{][^;'"]*?)\s*from\s*)?['"]([^'"]+)['"]/gm;
const calls = /\b(?:import|require|require\.resolve)\(\s*['"]([^'"]+)['"]\s*[,)]/g;

export function importsOf(file: SourceFile): Import[] {
  const code = stripSource(file.text, 'keep');
  const found: Import[] = [];
  for (const [, type, names, specifier = ''] of code.matchAll(statements)) {
    const typeOnly = type !== undefined || (names !== undefined && onlyTypes(names));
    found.push({ ...resolve(file.path, specifier), typeOnly });
  }
  for (const [, specifier = ''] of code.matchAll(calls)) {
    found.push({ ...resolve(file.path, specifier), typeOnly: false });
  }
  return found;
}

/** `{ type A, type B }` */
function onlyTypes(names: string): boolean {
  const inside = /^\{([^}]*)\}$/.exec(names.trim())?.[1];
  if (inside === undefined) return false;
  const parts = inside.split(',').map((part) => part.trim());
  return parts.every((part) => part === '' || part.startsWith('type '));
}

function resolve(from: string, specifier: string): Omit<Import, 'typeOnly'> {
  if (specifier.startsWith('.')) {
    const file = posix.join(posix.dirname(from), specifier);
    return { from, specifier, file: file.replace(/\.js$/, '.ts') };
  }
  if (specifier.startsWith('#')) {
    const file = specifier.slice(1).replace(/^proto\//, 'proto/gen/');
    return { from, specifier, file: file.replace(/\.js$/, '.ts') };
  }
  if (specifier.startsWith('node:')) return { from, specifier, node: specifier.slice(5) };
  const parts = specifier.split('/');
  const npm = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
  return { from, specifier, npm };
}
