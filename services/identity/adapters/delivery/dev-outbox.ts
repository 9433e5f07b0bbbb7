import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '#libs/runtime/clock.js';
import type { Transport } from './transport.js';

/** A message that a development installation kept instead of sending it. */
export interface OutboxMessage {
  readonly atMs: number;
  readonly channel: 'MAIL' | 'SMS';
  readonly tenant: string;
  readonly to: string;
  readonly kind: string;
  readonly subject: string;
  readonly text: string;
}

const kept = 100;

/**
 * Messages in a file of the data folder that only its owner can read, the last 100. For development:
 * it is what a mailbox would be.
 */
export class DevOutbox {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #onMessage: ((message: OutboxMessage) => void) | undefined;

  constructor(dataDir: string, clock: Clock, onMessage?: (message: OutboxMessage) => void) {
    this.#file = outboxFile(dataDir);
    this.#clock = clock;
    this.#onMessage = onMessage;
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  }

  transport(channel: OutboxMessage['channel']): Transport {
    return {
      deliver: ({ message, subject, text }) => {
        const { tenant, to, content } = message;
        const atMs = this.#clock.wallMs();
        this.#keep({ atMs, channel, tenant, to, kind: content.kind, subject, text });
        return Promise.resolve();
      },
    };
  }

  #keep(message: OutboxMessage): void {
    const all = [...outboxMessages(this.#file), message].slice(-kept);
    const lines = all.map((one) => `${JSON.stringify(one)}\n`).join('');
    writeFileSync(`${this.#file}.next`, lines, { mode: 0o600 });
    renameSync(`${this.#file}.next`, this.#file);
    this.#onMessage?.(message);
  }
}

export function outboxFile(dataDir: string): string {
  return join(dataDir, 'outbox.jsonl');
}

/** Oldest first; none where there is no file. */
export function outboxMessages(file: string): readonly OutboxMessage[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as OutboxMessage);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
