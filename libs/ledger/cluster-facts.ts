import {
  featureLevelCodec,
  genesisCodec,
  openCodec,
  type Genesis,
} from '#libs/events/control-codec.js';
import { foundingLevel } from '#libs/events/feature-levels.js';
import type { Judged } from './judge.js';
import { RecordKind } from './record.js';

/** Which cluster a ledger belongs to, and how often that was restored. */
export interface Cluster {
  readonly clusterId: string;
  /** 1 at the founding; each OPEN record begins a higher one. */
  readonly epoch: number;
}

/** What GENESIS and OPEN say in full. */
export interface FoundedCluster extends Cluster {
  /** Name of the ledger, as GENESIS has it. */
  readonly ledger: string;
  /** Ed25519 public key of the checkpoints, 32 bytes. */
  readonly auditPublicKey: Uint8Array;
}

export interface OpenedEpoch {
  readonly epoch: number;
  /** Of the OPEN record: what was issued below it is dead. */
  readonly position: number;
}

export function foundedBy({ clusterId, ledger, auditPublicKey }: Genesis): FoundedCluster {
  return { clusterId, epoch: 1, ledger, auditPublicKey: Uint8Array.from(auditPublicKey) };
}

/**
 * What the accepted control records say about a ledger as a whole: the one fold of GENESIS,
 * FEATURE_LEVEL and OPEN, for every reader of every ledger. A payload that does not decode says nothing.
 */
export class ClusterFacts<C extends Cluster> {
  readonly #found: (genesis: Genesis) => C;
  #cluster: C | undefined;
  #featureLevel: number;

  /** `found`: what a reader keeps of GENESIS; `from`: what a snapshot kept. */
  constructor(
    found: (genesis: Genesis) => C,
    from: { readonly cluster?: C | undefined; readonly featureLevel?: number } = {},
  ) {
    this.#found = found;
    this.#cluster = from.cluster;
    this.#featureLevel = from.featureLevel ?? foundingLevel;
  }

  /** `undefined` before GENESIS. */
  get cluster(): C | undefined {
    return this.#cluster;
  }

  /** What writers may use: raised by FEATURE_LEVEL records, never lowered. */
  get featureLevel(): number {
    return this.#featureLevel;
  }

  /** Takes in any judged record. Tells when it began a new epoch. */
  take({ accepted, header, payload, position }: Judged): OpenedEpoch | undefined {
    if (!accepted || header === undefined) return undefined;
    const bytes = payload ?? new Uint8Array(0);
    if (header.kind === RecordKind.GENESIS && this.#cluster === undefined) {
      const genesis = genesisCodec.decode(bytes);
      if (genesis.ok) this.#cluster = this.#found(genesis.value);
    }
    if (header.kind === RecordKind.FEATURE_LEVEL) {
      const raised = featureLevelCodec.decode(bytes);
      if (raised.ok) this.#featureLevel = Math.max(this.#featureLevel, raised.value.level);
    }
    if (header.kind !== RecordKind.OPEN || this.#cluster === undefined) return undefined;
    const opened = openCodec.decode(bytes);
    if (!opened.ok || opened.value.epoch <= this.#cluster.epoch) return undefined;
    const { epoch } = opened.value;
    this.#cluster = { ...this.#cluster, epoch };
    return { epoch, position };
  }
}
