import { createHash } from 'node:crypto';
import { canonicalLines } from '#libs/access/canonical-lines.js';
import type { Answered } from './answers.js';
import type { LedgerView } from './ledger-view.js';

export interface Status {
  readonly answered: Answered;
  readonly clusterId: string;
  /** Hex; `''` unless asked for. */
  readonly stateHash: string;
  /** Hex of the chain at the position. */
  readonly chain: string;
  readonly acceptedRecords: number;
  readonly voidRecords: number;
  readonly quarantinedKeys: number;
}

/** What this authorizer knows of the ledger. The hash is over the live state at `nowMs`. */
export function statusOf(ledger: LedgerView, withHash: boolean, nowMs: number): Status {
  const { fold, reader } = ledger;
  return {
    answered: ledger.answered(undefined),
    clusterId: fold.cluster?.clusterId ?? '',
    stateHash: withHash ? stateHash(ledger, nowMs) : '',
    chain: Buffer.from(reader.window.chain).toString('hex'),
    acceptedRecords: fold.acceptedRecords,
    voidRecords: fold.voidRecords,
    quarantinedKeys: fold.view.quarantined.size,
  };
}

function stateHash({ view }: LedgerView, nowMs: number): string {
  const hash = createHash('sha256');
  for (const line of canonicalLines(view, nowMs)) hash.update(line).update('\n');
  return hash.digest('hex');
}
