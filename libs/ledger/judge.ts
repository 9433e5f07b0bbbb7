import { Failure } from '#libs/errors/failure.js';
import type { Decoded } from '#libs/events/codec.js';
import type { CommandPayload } from '#libs/events/envelope.js';
import { Announcements, foundingAnnouncements, type Announced } from './announcements.js';
import { nextChain } from './chain.js';
import { allDefences, type Defences } from './defences.js';
import type { LogRecord } from './event-log.js';
import type { MacKeys } from './mac.js';
import { decodeRecord, noMac, RecordKind, sha256, signedPart } from './record.js';
import type { DecodedRecord, RecordHeader } from './record.js';
import type { VerdictWindow } from './verdict-window.js';

/** Why a record is void: without effect for anyone, for ever. */
export type VoidReason =
  | 'malformed'
  /** Under a mac key that is not the current one. */
  | 'key'
  | 'mac'
  | 'based-on'
  | 'snapshot-too-old'
  | 'chain'
  | 'conflict'
  | 'sealed'
  /** So says a checkpoint that a late reader starts from; it cannot know why. */
  | 'by-checkpoint';

export interface Judged {
  readonly position: number;
  readonly accepted: boolean;
  /** Present when void. */
  readonly why: VoidReason | undefined;
  /** Present when well-formed. */
  readonly header: RecordHeader | undefined;
  readonly payload: Uint8Array | undefined;
  readonly hash: Uint8Array;
  readonly mac: Uint8Array;
  readonly chain: Uint8Array;
  readonly appendedAtMs: number;
  /** What the payload of a COMMAND says, once somebody has decoded it: several look at each record. */
  decoded?: Decoded<CommandPayload> | undefined;
}

/** What a judge goes on from. */
export interface JudgeState {
  readonly window: VerdictWindow;
  readonly sealed: boolean;
  /** Default: what holds for an empty ledger. */
  readonly announced?: Announced;
}

/** All that the rule asks of ledger keys: an auditor has none, and goes by signed statements. */
export type MacCheck = Pick<MacKeys, 'ids' | 'has' | 'verify'>;

const knownKinds: ReadonlySet<number> = new Set(Object.values(RecordKind));

/** Hash and mac of a raw value: what identifies an entry of the log. */
export function identify(value: Uint8Array | null): { hash: Uint8Array; mac: Uint8Array } {
  const raw = value ?? new Uint8Array(0);
  const parts = signedPart(raw);
  if (typeof parts === 'string') return { hash: sha256(raw), mac: noMac };
  return { hash: sha256(parts.signed), mac: parts.mac };
}

/**
 * The one rule that decides which records count: the same in every reader, with no domain logic, so
 * that an old reader and a new writer never disagree. Records must come in order, without a gap.
 */
export class Judge {
  readonly #macKeys: MacCheck;
  readonly #defences: Defences;
  readonly window: VerdictWindow;
  readonly #announcements: Announcements;
  #sealed: boolean;

  constructor(macKeys: MacCheck, from: JudgeState, defences: Defences = allDefences) {
    this.#macKeys = macKeys;
    this.window = from.window;
    this.#announcements = new Announcements(from.announced ?? foundingAnnouncements);
    this.#sealed = from.sealed;
    this.#defences = defences;
  }

  /** An accepted SEAL was read: nothing counts any more. */
  get sealed(): boolean {
    return this.#sealed;
  }

  get announced(): Announced {
    return this.#announcements.announced;
  }

  /** Id of the key that a record must be under now; undefined when it is not held here. */
  get macKeyId(): number | undefined {
    return this.#macKeys.ids.find((id) => this.#announcements.isCurrentMacKey(id));
  }

  /**
   * Gives the verdict on the next record. Throws Failure NEEDS_NEWER_BUILD, and changes nothing, on a
   * record that only a newer build or a further mac key can judge. A format or a key that no accepted
   * record announced is void instead: whoever has no key must not be able to stop readers.
   */
  judge(record: LogRecord): Judged {
    if (record.position !== this.window.position + 1) {
      throw new RangeError(`expected ${this.window.position + 1}, got ${record.position}`);
    }
    const raw = record.control || record.value === null ? new Uint8Array(0) : record.value;
    const decoded = decodeRecord(raw);
    if (decoded === 'unknown-format' && this.#announcements.isFormat(raw[2] ?? 0)) {
      throw needsNewer(record.position, 'an unknown format');
    }
    if (typeof decoded === 'string') {
      return this.#enter(record, undefined, sha256(raw), 'malformed');
    }
    const hash = sha256(decoded.signed);
    const { macKeyId } = decoded.header;
    if (!this.#announcements.isCurrentMacKey(macKeyId)) {
      return this.#enter(record, decoded, hash, 'key');
    }
    if (!this.#macKeys.has(macKeyId)) throw needsNewer(record.position, `mac key ${macKeyId}`);
    return this.#enter(record, decoded, hash, this.#verdict(record.position, decoded, hash));
  }

  #verdict(position: number, record: DecodedRecord, hash: Uint8Array): VoidReason | undefined {
    const { header, mac } = record;
    const on = this.#defences;
    if (on.macCheck && !this.#macKeys.verify(header.macKeyId, hash, mac)) return 'mac';
    if (!knownKinds.has(header.kind) || header.flags !== 0) {
      throw needsNewer(position, `record kind ${header.kind}, flags ${header.flags}`);
    }
    if (header.basedOn < -1 || header.basedOn >= position) return 'based-on';
    if (on.windowCheck && header.basedOn < position - this.window.size) return 'snapshot-too-old';
    const chain = this.window.chainAt(header.basedOn);
    if (on.chainCheck && chain && !sameHalf(chain, header.chain)) return 'chain';
    if (on.conflictCheck && this.#conflicts(header)) return 'conflict';
    return this.#sealed ? 'sealed' : undefined;
  }

  #conflicts(header: RecordHeader): boolean {
    const newer = (key: Uint8Array): boolean => this.window.lastWrite(key) > header.basedOn;
    return header.reads.some(newer) || header.writes.some(newer);
  }

  #enter(
    record: LogRecord,
    decoded: DecodedRecord | undefined,
    hash: Uint8Array,
    why: VoidReason | undefined,
  ): Judged {
    const accepted = why === undefined;
    const mac = decoded?.mac ?? noMac;
    const chained = accepted || this.#defences.chainOverAll;
    const chain = chained
      ? nextChain(this.window.chain, record.position, hash, mac)
      : Buffer.from(this.window.chain);
    const writes = accepted && decoded ? decoded.header.writes : [];
    this.window.push({ position: record.position, chain, accepted, writes });
    if (accepted && decoded) {
      if (decoded.header.kind === RecordKind.SEAL) this.#sealed = true;
      this.#announcements.take(decoded.header.kind, writes);
    }
    return {
      position: record.position,
      accepted,
      why,
      header: decoded?.header,
      payload: decoded?.payload,
      hash,
      mac,
      chain,
      appendedAtMs: record.appendedAtMs,
      decoded: undefined,
    };
  }
}

function sameHalf(chain: Uint8Array, half: Uint8Array): boolean {
  for (let i = 0; i < half.length; i++) if (chain[i] !== half[i]) return false;
  return true;
}

function needsNewer(position: number, what: string): Failure {
  return new Failure(
    'NEEDS_NEWER_BUILD',
    `position ${position} holds ${what}: this reader stops here. ` +
      'Start a newer build, or give this one the further ledger key.',
    { facts: { position: String(position) } },
  );
}
