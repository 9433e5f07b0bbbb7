import { checkpointFacts, encodeCheckpoint, signCheckpoint } from '#libs/ledger/checkpoint.js';
import { RecordKind } from '#libs/ledger/record.js';
import type { Instance } from './instance.js';

const seed = new Uint8Array(32).fill(9);

/** Has an instance state what it has read, as identity does; false: it did not count, or it could not. */
export async function writeCheckpoint(instance: Instance, ledger: string): Promise<boolean> {
  const { reader, writer } = instance;
  if (!instance.ready) return false;
  const facts = checkpointFacts(reader.window, reader.position, {
    clusterId: 'simulated',
    ledger,
    epoch: 1,
    announced: reader.announced,
    sealed: reader.sealed,
    featureLevel: 1,
    atMs: 0,
  });
  if (facts === undefined) return false;
  const outcome = await writer.submit({
    kind: RecordKind.CHECKPOINT,
    tenantHash: new Uint8Array(16),
    basedOn: facts.position,
    reads: [],
    writes: [],
    payload: encodeCheckpoint(signCheckpoint(facts, seed)),
  });
  return outcome.verdict === 'accepted';
}
