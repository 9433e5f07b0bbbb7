import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { StoredCheckpoint } from '#libs/subscriber/checkpoint.js';
import { parseMark, type Mark } from '#libs/subscriber/mark.js';
import { SubscriberError } from '#libs/subscriber/subscriber-error.js';

/**
 * Marks in a file: written beside it, flushed, and put in its place in one step, so that a crash
 * leaves the old file or the new one. For one process; two must not share a file.
 */
export function fileCheckpoint(path: string): StoredCheckpoint {
  let marks: Map<string, Mark> | undefined;
  let writing: Promise<void> = Promise.resolve();
  const all = async (): Promise<Map<string, Mark>> => (marks ??= await readMarks(path));
  return {
    kind: 'stored',
    load: async (stream) => (await all()).get(stream),
    save: async (stream, mark) => {
      (await all()).set(stream, mark);
      writing = writing.catch(() => undefined).then(async () => writeMarks(path, await all()));
      return writing;
    },
  };
}

async function readMarks(path: string): Promise<Map<string, Mark>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  const marks = new Map<string, Mark>();
  try {
    for (const [stream, value] of Object.entries(JSON.parse(text) as object)) {
      const mark = parseMark(value);
      if (mark === undefined) throw new TypeError(`no mark for ${stream}`);
      marks.set(stream, mark);
    }
  } catch (cause) {
    // To begin again from nothing would handle everything twice: somebody has to look.
    const text = `${path} is no checkpoint file: repair it, or delete it to start anew`;
    throw new SubscriberError('CHECKPOINT', text, { cause });
  }
  return marks;
}

async function writeMarks(path: string, marks: ReadonlyMap<string, Mark>): Promise<void> {
  const scratch = `${path}.${process.pid}.new`;
  const file = await open(scratch, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(Object.fromEntries(marks), undefined, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(scratch, path);
  const folder = await open(dirname(path), 'r');
  // Where folders cannot be flushed the rename is durable by itself, or as durable as it gets.
  await folder.sync().catch(() => undefined);
  await folder.close();
}
