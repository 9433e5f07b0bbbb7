import type { AttemptFactor } from '#libs/events/catalogue.js';

/** Failures since the last record; appended after the answer, which never waits for it. */
export interface RecordAttempts {
  readonly type: 'RecordAttempts';
  /** An existing one: nothing is appended about names that nobody has. */
  readonly principal: string;
  readonly factor: AttemptFactor;
  readonly failures: number;
}
