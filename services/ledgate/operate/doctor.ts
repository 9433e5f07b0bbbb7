import { availableParallelism } from 'node:os';
import { status } from '@grpc/grpc-js';
import { genesisCodec } from '#libs/events/control-codec.js';
import { checkTopics, publicTopicSpecs, topicSpecs } from '#libs/ledger/kafka/topics.js';
import { kafkaSettingsOf } from '#libs/ledger/open-ledger.js';
import { decodeRecord, RecordKind } from '#libs/ledger/record.js';
import { LedgerServiceClient } from '#proto/ledgate/identity/v1/ledger.js';
import { hashThreads } from '#services/identity/adapters/thread-pool.js';
import { ask } from '../cli/ask.js';
import type { Cli } from '../cli/cli.js';
import type { LedgerAccess } from './place.js';

export interface Finding {
  readonly check: string;
  /** `ok`, or what is wrong and what to do. */
  readonly result: string;
  readonly ok: boolean;
}

const skewLimitMs = 5_000;
const recentRecords = 20;

/** Looks at everything that a ledger needs to be sound: process, keys, brokers, clocks, services. */
export async function examine(cli: Cli, access: LedgerAccess): Promise<Finding[]> {
  return [
    await finding('node', nodeVersion),
    await finding('threads for hashing', threads),
    await finding('ledger can be read', () => readable(access)),
    await finding('ledger key', () => ledgerKey(access)),
    await finding('clocks', () => clocks(access)),
    await finding('topics', () => topics(access, topicSpecs)),
    await finding('public topics', () => topics(access, publicTopicSpecs)),
    await finding('identity', () => identity(cli)),
    await finding('authorizer', () => authorizer(cli)),
  ];
}

/** `undefined` from the look: all is well; a text in brackets: well, with a remark. */
async function finding(
  check: string,
  look: () => Promise<string | undefined> | string | undefined,
): Promise<Finding> {
  try {
    const said = await look();
    if (said === undefined) return { check, result: 'ok', ok: true };
    return { check, result: said, ok: said.startsWith('(') };
  } catch (error) {
    return { check, result: error instanceof Error ? error.message : String(error), ok: false };
  }
}

function nodeVersion(): string | undefined {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const enough = major > 20 || (major === 20 && minor >= 19);
  return enough ? undefined : `Node ${process.versions.node}: install 20.19 or newer`;
}

function threads(): string | undefined {
  const { advice } = hashThreads(availableParallelism(), process.env['UV_THREADPOOL_SIZE']);
  return advice && `(for services started from here: ${advice})`;
}

async function readable({ log }: LedgerAccess): Promise<string | undefined> {
  const end = await log.end();
  return end > 0 ? `(${end} records)` : 'the ledger is empty: run `ledgate init` or `ledgate dev`';
}

/** GENESIS names the key; nothing can be judged with another one. */
async function ledgerKey({ log, macKeys }: LedgerAccess): Promise<string | undefined> {
  const first = await log.read(0);
  const decoded = first?.value ? decodeRecord(first.value) : 'malformed';
  if (typeof decoded === 'string' || decoded.header.kind !== RecordKind.GENESIS) {
    return 'position 0 holds no GENESIS: is this the ledger of a Ledgate cell?';
  }
  const genesis = genesisCodec.decode(decoded.payload);
  const { macKeyId } = decoded.header;
  if (!genesis.ok) return 'GENESIS cannot be decoded: start a newer build';
  if (!macKeys.has(macKeyId)) return `the ledger key ${macKeyId} is missing: add it`;
  const mine = macKeys.checkValue(macKeyId);
  const expected = Buffer.from(genesis.value.macKeyCheck).toString('hex');
  return mine === expected ? undefined : 'the ledger key is another one: set LEDGATE_LEDGER_KEY';
}

async function clocks({ log }: LedgerAccess): Promise<string | undefined> {
  const end = await log.end();
  let worst = 0;
  for (let position = Math.max(0, end - recentRecords); position < end; position++) {
    const record = await log.read(position);
    const decoded = record?.value ? decodeRecord(record.value) : 'malformed';
    if (!record || typeof decoded === 'string') continue;
    worst = Math.max(worst, Math.abs(decoded.header.atMs - record.appendedAtMs));
    worst = Math.max(worst, record.appendedAtMs - Date.now());
  }
  if (worst <= skewLimitMs) return undefined;
  return `a writer, the brokers and this machine differ by ${Math.round(worst)} ms: check NTP`;
}

async function topics(
  { place }: LedgerAccess,
  specsOf: typeof topicSpecs,
): Promise<string | undefined> {
  if (place.log === 'embedded') return '(embedded log: none)';
  const replicationFactor = Math.min(3, place.kafkaBrokers.length);
  const { topicPrefix: prefix, sessionRetentionMs } = place;
  const specs = specsOf({ prefix, replicationFactor, sessionRetentionMs });
  const wrong = await checkTopics(kafkaSettingsOf(place), specs);
  if (wrong.length === 0) return undefined;
  return wrong
    .map((one) => `${one.topic}: ${one.setting} is ${one.actual}, must be ${one.expected}`)
    .join('\n');
}

async function identity(cli: Cli): Promise<string | undefined> {
  const client = cli.identity(LedgerServiceClient);
  const seen = await ask(client, 'getStatus', { stateHash: false }).catch(unlessForbidden);
  if (seen === undefined) return '(answers; an operator of the system tenant is told more)';
  const { position, stalenessMs, healthy, quarantinedKeys } = seen;
  if (quarantinedKeys > 0n) return `${quarantinedKeys} keys are quarantined: start a newer build`;
  if (!healthy) return `not serving at position ${position}, ${stalenessMs} ms stale`;
  return `(position ${position}, ${stalenessMs} ms stale)`;
}

/** Not every credential may see the status; that identity says so shows that it is there. */
function unlessForbidden(error: unknown): undefined {
  if (!(error instanceof Error) || !('code' in error)) throw error;
  if (error.code !== status.PERMISSION_DENIED) throw error;
}

async function authorizer(cli: Cli): Promise<string | undefined> {
  const { answered, quarantinedKeys } = await ask(cli.authorizer, 'getStatus', {
    stateHash: false,
  });
  const { position = -1n, stalenessMs = 0n, stale = true } = answered ?? {};
  if (quarantinedKeys > 0n) return `${quarantinedKeys} keys are quarantined: start a newer build`;
  const text = `position ${position}, ${stalenessMs} ms stale`;
  return stale ? `${text}: it lost touch with the ledger` : `(${text})`;
}
