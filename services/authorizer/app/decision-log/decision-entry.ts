import type { Method } from '#libs/audit/decision-line.js';
import type { Answer } from '../answers.js';
import type { Caller } from '../callers.js';
import type { Asked } from '../decider.js';
import type { AskedEndpoint } from '../endpoint-ruling.js';

/** What is kept of a decision until it is written down. No text of any credential. */
export interface DecisionEntry {
  readonly answer: Answer;
  readonly caller: Caller;
  readonly asked: Asked;
  readonly action: string;
  readonly resource: string;
  /** The call that was asked about; action and resource are then what its rule asked for. */
  readonly endpoint?: AskedEndpoint | undefined;
  readonly method: Method;
  /** Wall time that expiry was judged by, ms. */
  readonly nowMs: number;
  readonly epoch: number;
  /** Revocations were heeded that ledger L did not say. */
  readonly early: boolean;
}

const fixedBytes = 1_200;

/** About what it takes in memory, bytes. */
export function bytesOf({ action, resource, asked }: DecisionEntry): number {
  const scopes = asked.kind === 'TOKEN' ? asked.token.facts.scopes : [];
  const ofScopes = scopes.reduce((sum, scope) => sum + scope.length + 3, 0);
  return fixedBytes + 3 * (action.length + resource.length) + 2 * ofScopes;
}
