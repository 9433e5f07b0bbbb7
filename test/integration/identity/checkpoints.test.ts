import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { genesisCodec } from '#libs/events/control-codec.js';
import { newestLevel } from '#libs/events/feature-levels.js';
import { nextChain, chainStart } from '#libs/ledger/chain.js';
import { verifyCheckpoint } from '#libs/ledger/checkpoint.js';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { identify } from '#libs/ledger/judge.js';
import { decodeRecord, RecordKind, type DecodedRecord } from '#libs/ledger/record.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { LedgerServiceService as Operator } from '#proto/ledgate/operator/v1/ledger.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';

const name = 'auth.ledger.v1';
const folder = temporaryFolder();
let store: ReturnType<typeof openEmbeddedStore>;
let log: EventLog;
let world: World;
let root: string;

beforeAll(async () => {
  store = openEmbeddedStore(join(folder.path, 'shared'));
  log = store.log(name);
  world = await startWorld(testConfig(folder.path), { log, vault: store.vault() });
  ({ root } = world);
});
afterAll(async () => {
  await world.close();
  await store.close();
  folder.remove();
});

async function recordAt(position: number): Promise<DecodedRecord> {
  const decoded = decodeRecord((await log.read(position))?.value ?? new Uint8Array(0));
  if (typeof decoded === 'string') throw new Error(decoded);
  return decoded;
}

/** What an auditor has: the records, and the public key in the first of them. */
async function auditKey(): Promise<Uint8Array> {
  const genesis = genesisCodec.decode((await recordAt(0)).payload);
  if (!genesis.ok) throw new Error(genesis.problem);
  return genesis.value.auditPublicKey;
}

async function chainOf(upTo: number): Promise<string> {
  let chain: Uint8Array = chainStart;
  for (let position = 0; position <= upTo; position++) {
    const { hash, mac } = identify((await log.read(position))?.value ?? null);
    chain = nextChain(chain, position, hash, mac);
  }
  return Buffer.from(chain).toString('hex');
}

async function signed(position?: bigint) {
  const answer = await world.call(Operator.signHead, { position }, root);
  const verified = verifyCheckpoint(answer.statement, await auditKey());
  if (!verified.ok) throw new Error(verified.problem);
  expect(verified.value.position).toBe(Number(answer.position));
  return verified.value;
}

describe('signed heads', () => {
  it('prove with the public key in GENESIS what a copy must be', async () => {
    const { position } = await world.call(Ledger.appendBarrier, {}, root);
    const head = await signed();
    expect(head).toMatchObject({
      position: Number(position),
      clusterId: world.identity.clusterId,
      ledger: name,
      epoch: 1,
      accepted: Number(position) + 1,
      verdictCount: Number(position) + 1,
      sealed: false,
      featureLevel: newestLevel,
    });
    expect(Buffer.from(head.chain).toString('hex')).toBe(await chainOf(head.position));
  });

  it('are given for an earlier position too, about which they say less', async () => {
    const head = await signed(2n);
    expect(head).toMatchObject({ position: 2, accepted: 3, verdictCount: 3 });
    expect(Buffer.from(head.chain).toString('hex')).toBe(await chainOf(2));
  });

  it('are refused where not everything is known', async () => {
    // Position 1 raised the level: what held at 0 is not known any more.
    const early = world.call(Operator.signHead, { position: 0n }, root);
    expect((await refusal(early)).code).toBe(status.FAILED_PRECONDITION);
    const ahead = world.call(Operator.signHead, { position: 1_000_000n }, root);
    expect((await refusal(ahead)).code).toBe(status.NOT_FOUND);
  });
});

describe('checkpoints', () => {
  it('are records that state what a signed head states', async () => {
    const written = await world.call(Operator.writeCheckpoint, {}, root);
    const record = await recordAt(Number(written.position));
    expect(record.header.kind).toBe(RecordKind.CHECKPOINT);
    const verified = verifyCheckpoint(record.payload, await auditKey());
    if (!verified.ok) throw new Error(verified.problem);
    expect(verified.value.position).toBe(Number(written.about));
    const chain = Buffer.from(verified.value.chain).toString('hex');
    expect(chain).toBe(await chainOf(Number(written.about)));
  });

  it('of two that are written at once each is answered, and the ledger goes on', async () => {
    const both = await Promise.all([
      world.call(Operator.writeCheckpoint, {}, root),
      world.call(Operator.writeCheckpoint, {}, root),
    ]);
    const [one, other] = both.map(({ position }) => Number(position)).sort((a, b) => a - b);
    expect(other).toBeGreaterThan(one ?? 0);
    expect(await world.call(Ledger.getStatus, {}, root)).toMatchObject({ healthy: true });
  });
});

describe('the feature level', () => {
  it('of a new cell is the newest; it is neither lowered nor raised beyond the build', async () => {
    expect((await recordAt(1)).header.kind).toBe(RecordKind.FEATURE_LEVEL);
    const level = await world.call(Operator.getFeatureLevel, {}, root);
    expect(level).toEqual({ level: newestLevel, newest: newestLevel });
    const lower = world.call(Operator.raiseFeatureLevel, { level: 1 }, root);
    expect((await refusal(lower)).code).toBe(status.FAILED_PRECONDITION);
    const beyond = world.call(Operator.raiseFeatureLevel, { level: newestLevel + 1 }, root);
    expect((await refusal(beyond)).code).toBe(status.INVALID_ARGUMENT);
  });
});
