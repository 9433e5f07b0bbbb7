import { TimeMachineServiceService as Past } from '#proto/ledgate/operator/v1/time_machine.js';
import { id, ofPage, ofPrincipal, type Bad, type Row } from './bad-values.js';

const at = { position: 1n, atMs: undefined };
const question = { principalId: id, action: 'orders:read', resource: 'a' };
const moments = (field: string): readonly Bad[] => [
  [field, [{}]],
  [field, [{ position: 2n ** 53n }, { position: 2n ** 64n - 1n }], `${field}.position`],
  [field, [{ atMs: -1n }, { atMs: 9_000_000_000_000_000n }], `${field}.at_ms`],
];
const longWords: readonly Bad[] = [
  ['action', ['x'.repeat(257)]],
  ['resource', ['x'.repeat(4_097)]],
];

/** `ledgate.operator.v1.TimeMachineService`. */
export const pastRows: readonly Row[] = [
  {
    method: Past.checkAt,
    base: { ...question, at },
    bad: [ofPrincipal, ...longWords, ...moments('at')],
  },
  {
    method: Past.explainAt,
    base: { ...question, at },
    bad: [ofPrincipal, ...longWords, ...moments('at')],
  },
  {
    method: Past.whoCan,
    base: { action: 'orders:read', resource: 'a', at },
    bad: [...longWords, ...moments('at'), ...ofPage],
  },
  {
    method: Past.whatCan,
    base: { principalId: id, at },
    bad: [ofPrincipal, ['resource', ['x'.repeat(4_097)]], ...moments('at'), ...ofPage],
  },
  {
    method: Past.diff,
    base: { from: at, to: at },
    bad: [
      ['principalId', ['x', id.toUpperCase()], 'principal_id'],
      ['from', [{ position: 2n }]],
      ...moments('from'),
      ...moments('to'),
      ...ofPage,
    ],
  },
  {
    method: Past.history,
    base: { id },
    bad: [['id', ['', 'x'.repeat(129)]], ...ofPage],
  },
];
