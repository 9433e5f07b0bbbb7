import type { PublicFormat } from '#libs/events/cloud-event.js';
import { decodeCommandPayload } from '#libs/events/codec.js';
import { genesisCodec, openCodec } from '#libs/events/control-codec.js';
import { Failure } from '#libs/errors/failure.js';
import { publicEventsOf, type PublicEvent, type PublicTopic } from '#libs/events/public-events.js';
import { Judge, type Judged } from '#libs/ledger/judge.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { RecordKind } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { batchesOf } from '#services/identity/app/publisher/outgoing.js';
import type { Outlet } from '#services/identity/app/publisher/publisher.js';

export interface RebuildOptions {
  readonly log: EventLog;
  readonly macKeys: MacKeys;
  readonly outlet: Pick<Outlet, 'publish'>;
  readonly format: PublicFormat;
  readonly topics: readonly PublicTopic[];
  readonly nameOf: (topic: PublicTopic) => string;
  readonly onProgress: (done: number, of: number) => void;
}

export interface Rebuilt {
  /** Last ledger position that was looked at; -1: the ledger is empty. */
  readonly position: number;
  readonly published: number;
}

/**
 * Publishes topics again from the first position to the present end. What consumers have they drop by
 * its id. May be killed and repeated. Throws NEEDS_NEWER_BUILD for a record that is not understood.
 */
export async function rebuildTopics(options: RebuildOptions): Promise<Rebuilt> {
  const { log, macKeys, onProgress } = options;
  const end = await log.end();
  if (end === 0) return { position: -1, published: 0 };
  const judge = new Judge(macKeys, { window: new VerdictWindow(), sealed: false });
  const story = new Story(log.name);
  const stop = new AbortController();
  let published = 0;
  try {
    for await (const { records } of log.tail(0, stop.signal)) {
      const events: PublicEvent[] = [];
      for (const record of records) {
        if (record.position < end) events.push(...story.eventsOf(judge.judge(record)));
      }
      published += await publish(options, story.clusterId, events);
      onProgress(judge.window.position + 1, end);
      if (judge.window.position >= end - 1) break;
    }
  } finally {
    stop.abort();
  }
  return { position: judge.window.position, published };
}

async function publish(
  { outlet, format, topics, nameOf }: RebuildOptions,
  clusterId: string,
  events: readonly PublicEvent[],
): Promise<number> {
  let count = 0;
  for (const topic of topics) {
    for (const batch of batchesOf(topic, events, { clusterId, format })) {
      await outlet.publish(nameOf(topic), batch);
      count += batch.length;
    }
  }
  return count;
}

/** What the control records said so far. */
class Story {
  clusterId = '';
  readonly #ledger: string;
  #epoch = 1;

  constructor(ledger: string) {
    this.#ledger = ledger;
  }

  eventsOf({ accepted, header, payload, position }: Judged): PublicEvent[] {
    if (!accepted || header === undefined) return [];
    const bytes = payload ?? new Uint8Array(0);
    if (header.kind === RecordKind.GENESIS) {
      const genesis = genesisCodec.decode(bytes);
      if (genesis.ok) this.clusterId = genesis.value.clusterId;
    }
    if (header.kind === RecordKind.OPEN) {
      const opened = openCodec.decode(bytes);
      if (opened.ok) this.#epoch = Math.max(this.#epoch, opened.value.epoch);
    }
    if (header.kind !== RecordKind.COMMAND) return [];
    const decoded = decodeCommandPayload(bytes);
    if (!decoded.ok || decoded.value.events.some((stored) => !stored.known && stored.critical)) {
      const text = `position ${position} holds what this build does not understand`;
      throw new Failure('NEEDS_NEWER_BUILD', `${text}: what follows is not published`);
    }
    const at = { ledger: this.#ledger, position, atMs: header.atMs, epoch: this.#epoch };
    return publicEventsOf(decoded.value, at);
  }
}
