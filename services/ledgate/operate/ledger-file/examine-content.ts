import { Failure } from '#libs/errors/failure.js';
import { genesisCodec, type Genesis } from '#libs/events/control-codec.js';
import { chainStart, nextChain } from '#libs/ledger/chain.js';
import { identify } from '#libs/ledger/judge.js';
import { decodeRecord, RecordKind, sha256 } from '#libs/ledger/record.js';
import type { LedgerFile } from './ledger-file.js';
import type { EndFrame, RecordFrame } from './file-format.js';

/** What the first reading finds, before any signature is looked at. */
export interface Content {
  /** Last position that fits everything before it; -1: none. */
  readonly position: number;
  readonly chain: Uint8Array;
  /** The first thing that does not fit; `undefined`: the content is whole. */
  readonly broken: string | undefined;
  /** Payloads of CHECKPOINT records, whoever wrote them. */
  readonly checkpoints: readonly Uint8Array[];
  /** GENESIS records, whoever wrote them, the first ones. */
  readonly genesis: readonly Genesis[];
  /** SHA-256 (base64url) of each blob by vault id. */
  readonly blobs: ReadonlyMap<string, string>;
}

const mostGenesis = 16;

/** Reads the whole content and follows the chain until something does not fit. */
export async function examineContent(
  file: LedgerFile,
  onProgress: (done: number, of: number) => void,
): Promise<Content> {
  const walk = new Walk(file.header.end);
  let broken: string | undefined;
  try {
    for await (const frame of file.frames()) {
      if (frame.kind === 'record') walk.record(frame);
      else if (frame.kind === 'blob') walk.blob(frame.id, frame.blob);
      else walk.end(frame);
      if (frame.kind === 'record' && frame.position % 4_096 === 0) {
        onProgress(frame.position, file.header.end);
      }
    }
  } catch (error) {
    if (!(error instanceof Failure) || error.reason !== 'INVALID_ARGUMENT') throw error;
    broken = error.message;
  }
  return { ...walk.found(), broken: walk.problem ?? broken };
}

class Walk {
  problem: string | undefined;
  readonly #end: number;
  #position = -1;
  #chain: Uint8Array = chainStart;
  readonly #checkpoints: Uint8Array[] = [];
  readonly #genesis: Genesis[] = [];
  readonly #blobs = new Map<string, string>();

  constructor(end: number) {
    this.#end = end;
  }

  record(frame: RecordFrame): void {
    if (this.problem !== undefined) return;
    const position = this.#position + 1;
    if (frame.position !== position) {
      this.problem = `position ${position}: what is there says that it is ${frame.position}`;
      return;
    }
    const value = frame.control ? null : frame.value;
    const { hash, mac } = identify(value);
    const chain = nextChain(this.#chain, position, hash, mac);
    if (Buffer.compare(chain.subarray(0, 8), frame.chain) !== 0) {
      this.problem = `position ${position}: the record is not the one that was exported`;
      return;
    }
    this.#position = position;
    this.#chain = chain;
    if (value !== null) this.#control(value);
  }

  blob(id: string, blob: Uint8Array): void {
    if (this.#blobs.has(id)) this.problem ??= `vault blob ${id} is there twice`;
    this.#blobs.set(id, sha256(blob).toString('base64url'));
  }

  end({ records, blobs }: EndFrame): void {
    const [had, have] = [this.#position + 1, this.#blobs.size];
    if (records === had && records === this.#end && blobs === have) return;
    this.problem ??=
      `position ${had}: the file should hold ${this.#end} records and ${blobs} blobs, ` +
      `and holds ${had} and ${have}`;
  }

  found(): Omit<Content, 'broken'> {
    return {
      position: this.#position,
      chain: this.#chain,
      checkpoints: this.#checkpoints,
      genesis: this.#genesis,
      blobs: this.#blobs,
    };
  }

  #control(value: Uint8Array): void {
    const decoded = decodeRecord(value);
    if (typeof decoded === 'string') return;
    const { kind } = decoded.header;
    if (kind === RecordKind.CHECKPOINT) this.#checkpoints.push(Uint8Array.from(decoded.payload));
    if (kind !== RecordKind.GENESIS || this.#genesis.length >= mostGenesis) return;
    const genesis = genesisCodec.decode(decoded.payload);
    if (genesis.ok) this.#genesis.push(genesis.value);
  }
}
