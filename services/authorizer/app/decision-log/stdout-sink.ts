import type { Sink } from './sink.js';

/** Anything lines can be written to: standard output. */
export interface Writable {
  write(text: string, done: (error?: Error | null) => void): boolean;
}

/** Lines among those of the service's own log; a field of theirs tells them apart. */
export function stdoutSink(to: Writable = process.stdout): Sink {
  return {
    name: 'stdout',
    write: (lines) =>
      new Promise((resolve, reject) => {
        to.write(`${lines.join('\n')}\n`, (error) => (error ? reject(error) : resolve()));
      }),
    close: async () => {},
  };
}
