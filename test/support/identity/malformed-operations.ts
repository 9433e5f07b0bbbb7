import { LedgerServiceService as OperatorLedger } from '#proto/ledgate/operator/v1/ledger.js';
import type { Row } from './bad-values.js';

/** `ledgate.operator.v1`. */
export const operatorRows: readonly Row[] = [
  {
    method: OperatorLedger.signHead,
    base: { position: 0n },
    bad: [['position', [2n ** 53n, 2n ** 64n - 1n]]],
  },
  {
    method: OperatorLedger.signFile,
    base: { sha256: Buffer.alloc(32) },
    bad: [['sha256', [Buffer.alloc(0), Buffer.alloc(31), Buffer.alloc(33)]]],
  },
  {
    method: OperatorLedger.raiseFeatureLevel,
    base: { level: 2 },
    bad: [['level', [0, 99, 2 ** 32 - 1]]],
  },
];
