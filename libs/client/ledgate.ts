import {
  type Answer,
  type Authentication,
  type Explanation,
  type PermissionsPage,
} from '#libs/client/answer.js';
import {
  type AnyQuestion,
  type CallOptions,
  type Credential,
  type PermissionsQuestion,
} from '#libs/client/question.js';

/** Questions about who someone is and what they may do. Every method rejects with `LedgateError`. */
export interface Ledgate {
  /** Tells who a credential belongs to. A wrong or revoked one is an answer, not an error. */
  authenticate(credential: Credential, options?: CallOptions): Promise<Authentication>;
  /**
   * Decides one question. Questions of one event-loop turn travel together, and equal ones are
   * asked once.
   */
  authorize(question: AnyQuestion, options?: CallOptions): Promise<Answer>;
  /** Decides many questions; answers come in their order. Each 256 questions are one call. */
  batchAuthorize(questions: readonly AnyQuestion[], options?: CallOptions): Promise<Answer[]>;
  /** One page of the permissions that somebody holds. */
  listPermissions(question: PermissionsQuestion, options?: CallOptions): Promise<PermissionsPage>;
  /** Decides one question and names the events that the answer rests on. */
  explain(question: AnyQuestion, options?: CallOptions): Promise<Explanation>;
  /** Refuses new calls, and resolves when the running ones have ended. */
  close(): Promise<void>;
}
