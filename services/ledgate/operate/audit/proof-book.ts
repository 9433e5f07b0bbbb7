import { genesisCodec } from '#libs/events/control-codec.js';
import { verifyCheckpoint } from '#libs/ledger/checkpoint.js';
import type { Judged, VoidReason } from '#libs/ledger/judge.js';
import { RecordKind } from '#libs/ledger/record.js';
import { disagreement } from '#libs/ledger/verdict-agreement.js';
import type { VerdictWindow } from '#libs/ledger/verdict-window.js';

export interface CheckpointSeen {
  readonly position: number;
  /** Up to where it speaks. */
  readonly about: number;
  readonly atMs: number;
}

/** What the control records of a ledger prove: kept while it is read. */
export class ProofBook {
  readonly checkpoints: CheckpointSeen[] = [];
  readonly findings: string[] = [];
  readonly void: Partial<Record<VoidReason, number>> = {};
  clusterId = '';
  ledger = '';
  auditPublicKey: Uint8Array = new Uint8Array(0);
  epochs = 1;

  apply(judged: Judged, window: VerdictWindow): void {
    const { why, position, header, accepted } = judged;
    if (why !== undefined) this.void[why] = (this.void[why] ?? 0) + 1;
    if (why === 'mac') this.findings.push(`position ${position}: written without the ledger key`);
    const differs = disagreement(judged, window);
    if (differs !== undefined) {
      this.findings.push(
        `position ${position}: its writer judged the past differently: ${differs}`,
      );
    }
    if (!accepted || header === undefined) return;
    if (header.kind === RecordKind.GENESIS && this.clusterId === '') this.#genesis(judged);
    if (header.kind === RecordKind.OPEN) this.epochs += 1;
    if (header.kind === RecordKind.CHECKPOINT) this.#checkpoint(judged);
  }

  #genesis({ payload }: Judged): void {
    const genesis = genesisCodec.decode(payload ?? new Uint8Array(0));
    if (!genesis.ok) return;
    this.clusterId = genesis.value.clusterId;
    this.ledger = genesis.value.ledger;
    this.auditPublicKey = genesis.value.auditPublicKey;
  }

  #checkpoint({ payload, position }: Judged): void {
    const checked = verifyCheckpoint(payload ?? new Uint8Array(0), this.auditPublicKey);
    if (!checked.ok) {
      this.findings.push(`position ${position}: ${checked.problem}`);
      return;
    }
    const { clusterId, ledger, position: about, atMs } = checked.value;
    if (clusterId === this.clusterId && ledger === this.ledger) {
      this.checkpoints.push({ position, about, atMs });
    } else this.findings.push(`position ${position}: a checkpoint of another ledger`);
  }
}
