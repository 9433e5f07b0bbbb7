import { open, type FileHandle } from 'node:fs/promises';
import { Failure } from '#libs/errors/failure.js';
import type { Sink } from './sink.js';

/**
 * Appends to a file that only its owner can read, and waits for the disk. A line that a crash cut off
 * stays as it is, on a line of its own. Whoever rotates the file does so while nobody writes to it.
 *
 * @throws Failure MISCONFIGURED when the file cannot be opened.
 */
export async function fileSink(path: string): Promise<Sink> {
  const file = await opened(path);
  let whole = await endsWhole(file);
  return {
    name: 'file',
    write: async (lines) => {
      const before = whole ? '' : '\n';
      whole = false;
      await file.appendFile(`${before}${lines.join('\n')}\n`);
      await file.datasync();
      whole = true;
    },
    close: () => file.close(),
  };
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'a+', 0o600);
  } catch (cause) {
    throw new Failure('MISCONFIGURED', `the decision log ${path} cannot be opened`, { cause });
  }
}

async function endsWhole(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat();
  if (size === 0) return true;
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 });
  return buffer[0] === 0x0a;
}
