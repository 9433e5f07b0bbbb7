import { readFile } from 'node:fs/promises';
import type { Logger } from '#libs/runtime/log.js';

/** Names of files and what was in them at one look. */
export type PemFiles<Name extends string> = Readonly<Record<Name, string | undefined>>;
export type PemContents<Name extends string> = Readonly<Record<Name, Buffer | undefined>>;

export interface PemWatch {
  /** Looks at the files now; true when they had changed and the new ones are in use. */
  reload(): Promise<boolean>;
  /** Stops looking. */
  close(): void;
}

/**
 * Looks at files every `everyMs` and hands them over when one has changed. `use` throws when it
 * cannot work with them, e.g. because only one of two files has been replaced yet: then the old
 * ones stay in use and the next look tries again. Contents are compared, not times: mounted
 * secrets are replaced by switching a link.
 */
export function watchPemFiles<Name extends string>(
  files: PemFiles<Name>,
  first: PemContents<Name>,
  use: (contents: PemContents<Name>) => void,
  log: Logger,
  everyMs: number,
): PemWatch {
  let current = first;
  let complaint = '';
  const reload = async (): Promise<boolean> => {
    try {
      const next = await readPemFiles(files);
      if (isSame(current, next)) return false;
      use(next);
      current = next;
      complaint = '';
      log.info({ files: Object.values(files) }, 'certificates reloaded');
      return true;
    } catch (error) {
      const text = String(error);
      if (text !== complaint) {
        log.warn({ err: error }, 'new certificate files not usable, the old ones stay in use');
      }
      complaint = text;
      return false;
    }
  };
  const timer = setInterval(() => void reload(), everyMs).unref();
  return { reload, close: () => clearInterval(timer) };
}

/** Reads all files that have a name. */
export async function readPemFiles<Name extends string>(
  files: PemFiles<Name>,
): Promise<PemContents<Name>> {
  const entries = Object.entries<string | undefined>(files).map(async ([name, path]) => [
    name,
    path === undefined ? undefined : await readFile(path),
  ]);
  return Object.fromEntries(await Promise.all(entries)) as PemContents<Name>;
}

function isSame<Name extends string>(a: PemContents<Name>, b: PemContents<Name>): boolean {
  return Object.entries<Buffer | undefined>(a).every(([name, bytes]) => {
    const other = b[name as Name];
    return bytes === undefined ? other === undefined : other?.equals(bytes);
  });
}
