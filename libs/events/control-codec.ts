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
