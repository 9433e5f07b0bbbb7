import { randomUUID } from 'node:crypto';
import {
  publicEventsOf,
  publicTopicName,
  publicTopics,
  type PublicEvent,
} from '#libs/events/public-events.js';
import { decodeCommandPayload } from '#libs/events/codec.js';
import type { PublicFormat } from '#libs/events/cloud-event.js';
import { ensureTopics, publicTopicSpecs, topicSpecs } from '#libs/ledger/kafka/topics.js';
import { Judge } from '#libs/ledger/judge.js';
import { openLog, macKeysOf } from '#libs/ledger/open-ledger.js';
import { RecordKind } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { Secret } from '#libs/runtime/secret.js';
import type { IdentityConfig } from '#services/identity/config.js';
import { startWorld, temporaryFolder, testConfig, type World } from './running-identity.js';

/** A cell on Kafka with public topics, for tests of what is published. */
export class PublicCell {
  readonly brokers: string[];
  readonly prefix = `cell-${randomUUID()}`;
  readonly #closing: (() => Promise<void> | void)[] = [];

  private constructor(brokers: string[]) {
    this.brokers = brokers;
  }

  static async create(brokers: string[]): Promise<PublicCell> {
    const cell = new PublicCell(brokers);
    const { prefix } = cell;
    const named = { prefix, replicationFactor: brokers.length };
    await ensureTopics({ brokers }, [...topicSpecs(named), ...publicTopicSpecs(named)]);
    return cell;
  }

  get topics(): string[] {
    return publicTopics.map((topic) => publicTopicName(this.prefix, topic));
  }

  config(dataDir: string, format: PublicFormat | undefined): IdentityConfig {
    return testConfig(dataDir, {
      log: 'kafka',
      kafkaBrokers: this.brokers,
      topicPrefix: this.prefix,
      masterKey: new Secret('5e1f'.repeat(15) + 'a0b1'),
      ledgerKey: new Secret('7c3d'.repeat(15) + 'c2d3'),
      publisher: format && { format },
    });
  }

  async start(options: { founding?: boolean; format?: PublicFormat } = {}): Promise<World> {
    const folder = temporaryFolder();
    const world = await startWorld(this.config(folder.path, options.format ?? 'protobuf'), {
      bootstrap: options.founding ?? false,
    });
    this.#closing.push(
      () => world.close(),
      () => folder.remove(),
    );
    return world;
  }

  /** What should be published by now, by a reading of the ledger that shares nothing with identity. */
  async expected(): Promise<PublicEvent[]> {
    const place = this.config('', undefined);
    const log = openLog(place, () => {});
    const judge = new Judge(macKeysOf(place), { window: new VerdictWindow(), sealed: false });
    const events: PublicEvent[] = [];
    const end = await log.end();
    const stop = new AbortController();
    for await (const batch of log.tail(0, stop.signal)) {
      for (const record of batch.records) {
        const { accepted, header, payload, position } = judge.judge(record);
        if (!accepted || header?.kind !== RecordKind.COMMAND) continue;
        const decoded = decodeCommandPayload(payload ?? new Uint8Array(0));
        if (!decoded.ok) throw new Error(decoded.problem);
        const at = { ledger: log.name, position, atMs: header.atMs };
        events.push(...publicEventsOf(decoded.value, at));
      }
      if (judge.window.position >= end - 1) break;
    }
    stop.abort();
    await log.close();
    return events;
  }

  async close(): Promise<void> {
    for (const close of this.#closing) await close();
  }
}
