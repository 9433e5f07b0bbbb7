import { Failure } from '#libs/errors/failure.js';
import {
  checkpointCodec,
  genesisCodec,
  openCodec,
  type Checkpoint,
} from '#libs/events/control-codec.js';
import { verifyCheckpoint } from '#libs/ledger/checkpoint.js';
import { foldCommands } from '#libs/ledger/fold-commands.js';
import { Judge, type Judged } from '#libs/ledger/judge.js';
import { RecordKind } from '#libs/ledger/record.js';
import { disagreement } from '#libs/ledger/verdict-agreement.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import type { Content } from './examine-content.js';
import type { LedgerFile } from './ledger-file.js';
import type { StatedVerdicts } from './stated-verdicts.js';
import { vaultRefsOf } from './vault-refs.js';

const mostFindings = 20;

/** Gives the verdicts of all records that fit, by the rule and by what was stated. */
export async function judgeAgain(
  file: LedgerFile,
  content: Content,
  verdicts: StatedVerdicts,
  publicKey: Uint8Array,
): Promise<JudgedAgain> {
  const again = new JudgedAgain(content, verdicts, publicKey);
  if (content.position < 0) return again;
  for await (const frame of file.frames()) {
    if (frame.kind !== 'record') break;
    again.take(frame);
    if (frame.position >= content.position || again.stopped) break;
  }
  return again;
}

/** The second reading of a file. */
export class JudgedAgain {
  stopped = false;
  readonly findings: string[] = [];
  readonly void: Record<string, number> = {};
  sealedAt: number | undefined;
  missingBlobs = 0;
  readonly #judge: Judge;
  readonly #verdicts: StatedVerdicts;
  readonly #blobs: Content['blobs'];
  readonly #publicKey: Uint8Array;
  #epoch = 0;

  constructor({ blobs }: Content, verdicts: StatedVerdicts, publicKey: Uint8Array) {
    this.#judge = new Judge(verdicts, { window: new VerdictWindow(), sealed: false });
    this.#verdicts = verdicts;
    this.#blobs = blobs;
    this.#publicKey = publicKey;
  }

  get position(): number {
    return this.#judge.window.position;
  }

  get chain(): string {
    return Buffer.from(this.#judge.window.chain).toString('hex');
  }

  get accepted(): number {
    return this.#judge.window.acceptedCount;
  }

  take(record: Parameters<Judge['judge']>[0]): void {
    this.#verdicts.position = record.position;
    try {
      this.#note(this.#judge.judge(record));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.stopped = true;
      this.findings.push(error.message);
    }
  }

  /** What the signed head states otherwise. */
  compare(head: Checkpoint): string[] {
    const { window, sealed } = this.#judge;
    if (window.position !== head.position) return [];
    const problems: string[] = [];
    const hash = window.verdictHash(head.position);
    if (hash === undefined || Buffer.compare(hash, head.verdictHash) !== 0) {
      problems.push('the signed head states other verdicts');
    }
    if (head.accepted !== window.acceptedCount) {
      problems.push(`the signed head counts ${head.accepted} accepted records`);
    }
    if (head.sealed !== sealed) problems.push('the signed head differs about the seal');
    if (head.epoch !== this.#epoch) problems.push(`the signed head is of epoch ${head.epoch}`);
    return problems;
  }

  #note(judged: Judged): void {
    const { position, accepted, why, header, payload } = judged;
    const stated = this.#verdicts.at(position);
    // Of a record that was stated to be void, the rule may have more to say than the mac.
    if (why !== undefined) {
      const name = why === 'mac' ? 'stated' : why;
      this.void[name] = (this.void[name] ?? 0) + 1;
    }
    if (stated === true && !accepted) {
      this.#find(position, `was stated to count, and does not by the rule (${why})`);
    }
    if (stated === false && accepted) this.#find(position, 'was stated to be void, and is not');
    if (!accepted || header === undefined) return;
    const disagrees = disagreement(judged, this.#judge.window);
    if (disagrees !== undefined) this.#find(position, `its writer disagreed: ${disagrees}`);
    this.#control(header.kind, payload ?? new Uint8Array(0), position);
    foldCommands(judged, {
      event: (event) => this.#names(position, event),
      quarantine: () => this.#find(position, 'is not understood by this build'),
    });
  }

  #control(kind: number, payload: Uint8Array, position: number): void {
    if (kind === RecordKind.SEAL) this.sealedAt = position;
    if (kind === RecordKind.GENESIS && genesisCodec.decode(payload).ok) this.#epoch ||= 1;
    if (kind === RecordKind.OPEN) {
      const opened = openCodec.decode(payload);
      if (opened.ok) this.#epoch = Math.max(this.#epoch, opened.value.epoch);
    }
    if (kind === RecordKind.CHECKPOINT && checkpointCodec.decode(payload).ok) {
      const checked = verifyCheckpoint(payload, this.#publicKey);
      if (!checked.ok) this.#find(position, checked.problem);
    }
  }

  #names(position: number, event: object): void {
    for (const { id, sha256 } of vaultRefsOf(event)) {
      const held = this.#blobs.get(id);
      if (held === undefined) this.missingBlobs += 1;
      else if (held !== sha256) this.#find(position, `names vault blob ${id}, which is another`);
    }
  }

  #find(position: number, what: string): void {
    if (this.findings.length < mostFindings) this.findings.push(`position ${position}: ${what}`);
  }
}
