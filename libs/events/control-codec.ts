import * as wire from '#proto/ledgate/ledger/v1/payload.js';

import { decodedBy } from './codec.js';
import type { Decoded } from './codec.js';
import { checkFields } from './field-rules.js';
import type { FieldRules } from './field-rules.js';
import { withNumbers } from './wire-numbers.js';

/** Payload of GENESIS, the first accepted record. */
export interface Genesis {
  readonly clusterId: string;
  /** Name of the ledger (the topic). */
  readonly ledger: string;
  /** Record format. */
  readonly format: number;
  /** Proves that a reader holds the right mac key without telling the key. */
  readonly macKeyCheck: Uint8Array;
  /** Ed25519 public key of the checkpoints. */
  readonly auditPublicKey: Uint8Array;
  readonly createdBy: string;
}

/** Payload of TICK. */
export interface Tick {
  readonly position: number;
  readonly verdictHash: Uint8Array;
}

/** Payload of OPEN: a restored ledger goes on in a new epoch. */
export interface Open {
  readonly epoch: number;
  readonly restoredFromPosition: number;
  readonly restoredFromChain: Uint8Array;
}

/** Payload of SEAL: every later record is void. */
export interface Seal {
  readonly successor: string;
  readonly position: number;
  readonly chain: Uint8Array;
}

/** Payload of KEY: a new mac key, announced under the old one. */
export interface KeyAdded {
  readonly macKeyId: number;
  readonly check: Uint8Array;
  /** First position that may be authenticated with the new key. */
  readonly validFrom: number;
}

/** Payload of FEATURE_LEVEL. */
export interface FeatureLevel {
  readonly level: number;
}

/** What the holder of the audit key states about everything up to a position. */
export interface CheckpointFacts {
  readonly clusterId: string;
  readonly ledger: string;
  readonly epoch: number;
  readonly position: number;
  /** Chain at `position`, 32 bytes. */
  readonly chain: Uint8Array;
  /** Accepted records up to and including `position`. */
  readonly accepted: number;
  /** How many verdicts `verdicts` holds: those of (position − verdictCount, position]. */
  readonly verdictCount: number;
  /** One bit a verdict, oldest first, lowest bit of a byte first. */
  readonly verdicts: Uint8Array;
  readonly verdictHash: Uint8Array;
  /** Key hash that announces the mac key in force, 16 bytes. */
  readonly macKey: Uint8Array;
  /** Key hashes that announce further record formats, 16 bytes each. */
  readonly formats: readonly Uint8Array[];
  readonly sealed: boolean;
  readonly featureLevel: number;
  /** By the signer's clock, ms since the Unix epoch. */
  readonly atMs: number;
}

/** Payload of CHECKPOINT, and the signed head of an exported ledger. */
export interface Checkpoint extends CheckpointFacts {
  /** Ed25519, 64 bytes. */
  readonly signature: Uint8Array;
}

interface Message<W> {
  encode(message: W): { finish(): Uint8Array };
  decode(data: Uint8Array): W;
}

export interface ControlCodec<T> {
  encode(value: T): Uint8Array;
  decode(bytes: Uint8Array): Decoded<T>;
}

/** `toWire` names every field; decoding is the same walk for all of them. */
function codec<T extends object, W extends object>(
  name: string,
  message: Message<W>,
  toWire: (value: T) => W,
  rules: FieldRules = {},
): ControlCodec<T> {
  return {
    encode: (value) => message.encode(toWire(value)).finish(),
    decode: (bytes) =>
      decodedBy(() => {
        const fields = withNumbers(message.decode(bytes));
        checkFields(name, fields, rules);
        return fields as unknown as T;
      }),
  };
}

export const genesisCodec = codec<Genesis, wire.Genesis>(
  'Genesis',
  wire.Genesis,
  (value) => ({
    ...value,
    macKeyCheck: Buffer.from(value.macKeyCheck),
    auditPublicKey: Buffer.from(value.auditPublicKey),
  }),
  { clusterId: 'text', ledger: 'text', format: 'positive' },
);

export const tickCodec = codec<Tick, wire.Tick>('Tick', wire.Tick, (value) => ({
  position: BigInt(value.position),
  verdictHash: Buffer.from(value.verdictHash),
}));

export const openCodec = codec<Open, wire.Open>('Open', wire.Open, (value) => ({
  epoch: value.epoch,
  restoredFromPosition: BigInt(value.restoredFromPosition),
  restoredFromChain: Buffer.from(value.restoredFromChain),
}));

export const sealCodec = codec<Seal, wire.Seal>('Seal', wire.Seal, (value) => ({
  successor: value.successor,
  position: BigInt(value.position),
  chain: Buffer.from(value.chain),
}));

export const keyAddedCodec = codec<KeyAdded, wire.KeyAdded>('KeyAdded', wire.KeyAdded, (value) => ({
  macKeyId: value.macKeyId,
  check: Buffer.from(value.check),
  validFrom: BigInt(value.validFrom),
}));

export const featureLevelCodec = codec<FeatureLevel, wire.FeatureLevel>(
  'FeatureLevel',
  wire.FeatureLevel,
  (value) => ({ level: value.level }),
  { level: 'positive' },
);

export const checkpointCodec = codec<Checkpoint, wire.Checkpoint>(
  'Checkpoint',
  wire.Checkpoint,
  (value) => ({
    ...value,
    position: BigInt(value.position),
    chain: Buffer.from(value.chain),
    accepted: BigInt(value.accepted),
    verdicts: Buffer.from(value.verdicts),
    verdictHash: Buffer.from(value.verdictHash),
    macKey: Buffer.from(value.macKey),
    formats: value.formats.map((format) => Buffer.from(format)),
    atMs: BigInt(value.atMs),
    signature: Buffer.from(value.signature),
  }),
  { clusterId: 'text', ledger: 'text', epoch: 'positive', featureLevel: 'positive' },
);
