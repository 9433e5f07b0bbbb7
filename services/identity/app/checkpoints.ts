import { Failure } from '#libs/errors/failure.js';
import type { Checkpoint } from '#libs/events/control-codec.js';
import { featureLevelKey, genesisKey, hashOf, type Key } from '#libs/events/keys.js';
import { auditPublicKey } from '#libs/ledger/audit-key.js';
import type { FoundedCluster } from '#libs/ledger/cluster-facts.js';
import { checkpointFacts, encodeCheckpoint, signCheckpoint } from '#libs/ledger/checkpoint.js';
import { signFile } from '#libs/ledger/file-signature.js';
import { RecordKind } from '#libs/ledger/record.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { AnyLedgerSession } from '#services/identity/app/ledger-session.js';

/** CHECKPOINT records read and write it: of two that are written at once one counts. */
const checkpointKey: Key = { tenant: '', kind: 'checkpoint', id: '' };
const ATTEMPTS = 4;

/** Where a CHECKPOINT stands, and what it is about. */
export interface WrittenCheckpoint {
  readonly position: number;
  readonly about: number;
}

/** States about this ledger what an auditor needs, signed with the audit key. */
export class Checkpoints {
  readonly #ledger: AnyLedgerSession;
  readonly #clock: Clock;
  readonly #seed: Uint8Array;

  /** `seed`: 32 bytes, whose public half GENESIS names. */
  constructor(ledger: AnyLedgerSession, clock: Clock, seed: Uint8Array) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#seed = seed;
  }

  /**
   * The signed statement about a position; default: the newest that this instance has read. Throws
   * NOT_FOUND for one that is not read yet, WRONG_STATE for one of which not everything can be stated
   * any more, MISCONFIGURED when this instance holds another audit key than the one in GENESIS.
   */
  sign(position = this.#ledger.reader.position): Checkpoint {
    const { reader, fold } = this.#ledger;
    this.#ledger.requireServing();
    if (position > reader.position) {
      throw new Failure('NOT_FOUND', `this instance has read up to position ${reader.position}`);
    }
    const changedAt = Math.max(
      reader.window.lastWrite(hashOf(genesisKey)),
      reader.window.lastWrite(hashOf(featureLevelKey)),
    );
    if (position < changedAt) {
      const why = `key, level or seal changed at position ${changedAt}: ask for that or a later one`;
      throw new Failure('WRONG_STATE', why);
    }
    const { clusterId, ledger, epoch } = this.#cluster();
    const facts = checkpointFacts(reader.window, position, {
      clusterId,
      ledger,
      epoch,
      announced: reader.announced,
      sealed: reader.sealed,
      featureLevel: fold.featureLevel,
      atMs: Math.trunc(this.#clock.wallMs()),
    });
    if (facts === undefined) {
      throw new Failure('WRONG_STATE', 'the position is too far back: ask for a later one');
    }
    return signCheckpoint(facts, this.#seed);
  }

  /** Signature of a file with this SHA-256. Throws MISCONFIGURED like `sign`. */
  signFile(sha256: Uint8Array): Uint8Array {
    this.#ledger.requireServing();
    return signFile(this.#cluster(), sha256, this.#seed);
  }

  /** Appends a CHECKPOINT. Rejects CONFLICT when others were faster each time. */
  async write(): Promise<WrittenCheckpoint> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const written = await this.tryToWrite();
      if (written !== undefined) return written;
    }
    throw new Failure('CONFLICT', 'others wrote checkpoints at the same time: one of them counts');
  }

  /** `undefined`: another instance was faster. */
  async tryToWrite(): Promise<WrittenCheckpoint | undefined> {
    const checkpoint = this.sign();
    const key = hashOf(checkpointKey);
    const outcome = await this.#ledger.writer.submit({
      kind: RecordKind.CHECKPOINT,
      tenantHash: new Uint8Array(16),
      basedOn: checkpoint.position,
      reads: [key],
      writes: [key],
      payload: encodeCheckpoint(checkpoint),
    });
    if (outcome.verdict === 'void') return undefined;
    return { position: outcome.position, about: checkpoint.position };
  }

  #cluster(): FoundedCluster {
    const { cluster } = this.#ledger.fold;
    if (cluster === undefined) throw new Failure('NOT_READY', 'the ledger has no GENESIS yet');
    if (Buffer.compare(cluster.auditPublicKey, auditPublicKey(this.#seed)) === 0) return cluster;
    throw new Failure(
      'MISCONFIGURED',
      'the audit key of this instance is not the one in GENESIS: keep the first master key',
    );
  }
}
