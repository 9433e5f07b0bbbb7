import type { EventLog } from '#libs/ledger/event-log.js';
import type { Sink } from './sink.js';

/** A topic with one partition: each line is a message. */
export function topicSink(log: Pick<EventLog, 'append' | 'close'>): Sink {
  return {
    name: 'kafka',
    write: async (lines) => {
      await log.append(lines.map((line) => Buffer.from(line, 'utf8')));
    },
    close: () => log.close(),
  };
}
