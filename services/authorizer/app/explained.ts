import type { GrantPath } from '#libs/access/evaluate/grant-path.js';
import type { Answer } from './answers.js';
import type { RecordedEvent } from './ledger-records.js';

/** A grant that allows, or nearly does, with the events that made it. */
export interface ExplainedPath extends GrantPath {
  /** `''` when its record can no longer be told. */
  readonly grant: string;
  readonly events: readonly RecordedEvent[];
}

export interface Explained {
  readonly answer: Answer;
  readonly paths: readonly ExplainedPath[];
  /** One sentence for people. */
  readonly summary: string;
  /** Of a denial that is not about grants. */
  readonly events: readonly RecordedEvent[];
}
