import {
  AuthorizerServiceService as methods,
  type AuthorizeResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { brokenAnswer, LedgateError } from '#libs/client/ledgate-error.js';
import { type AnyQuestion, type Consistency } from '#libs/client/question.js';
import { type Rpc } from '#libs/client/rpc/rpc.js';
import { wireConsistency, wireQuestion } from '#libs/client/rpc/wire-question.js';

/** Most questions that one BatchAuthorize carries. */
export const maxBatch = 256;

export interface AskOptions {
  readonly consistency: Consistency | undefined;
  /** Reading of the monotonic clock, milliseconds. */
  readonly deadlineAtMs: number;
}

/** Asks 1 to 256 questions in one call; the answers come in their order. */
export async function ask(
  rpc: Rpc,
  questions: readonly AnyQuestion[],
  { consistency, deadlineAtMs }: AskOptions,
): Promise<readonly AuthorizeResponse[]> {
  const [only] = questions;
  if (only && questions.length === 1) {
    const request = wireQuestion(only, consistency);
    return [await rpc.call(methods.authorize, request, deadlineAtMs)];
  }
  const { responses, answered } = await rpc.call(
    methods.batchAuthorize,
    {
      requests: questions.map((question) => wireQuestion(question)),
      consistency: wireConsistency(consistency),
    },
    deadlineAtMs,
  );
  if (responses.length !== questions.length) throw brokenAnswer('misses questions of the batch');
  return responses.map((response) => ({ ...response, answered: response.answered ?? answered }));
}

/**
 * Like `ask`, for questions of callers who know nothing of each other: a malformed question fails
 * alone. The batch that holds one is halved until it stands by itself.
 */
export async function askEach(
  rpc: Rpc,
  questions: readonly AnyQuestion[],
  options: AskOptions,
): Promise<readonly (AuthorizeResponse | LedgateError)[]> {
  try {
    return await ask(rpc, questions, options);
  } catch (error) {
    if (!(error instanceof LedgateError)) throw error;
    if (error.kind !== 'BAD_QUESTION' || questions.length === 1) {
      return questions.map(() => error);
    }
    const middle = Math.ceil(questions.length / 2);
    const [left, right] = await Promise.all([
      askEach(rpc, questions.slice(0, middle), options),
      askEach(rpc, questions.slice(middle), options),
    ]);
    return [...left, ...right];
  }
}
