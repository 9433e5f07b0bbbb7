import { LedgateError } from '#libs/client/ledgate-error.js';
import {
  type AnyQuestion,
  type Consistency,
  type EndpointCall,
  type Possession,
  type Who,
} from '#libs/client/question.js';

/** What questions must have in common to travel together. */
export interface Terms {
  readonly consistency: Consistency | undefined;
  readonly deadlineMs: number;
}

/** Sends questions together; one response or error for each, in their order. */
export type Send<Response> = (
  questions: readonly AnyQuestion[],
  terms: Terms,
) => Promise<readonly (Response | LedgateError)[]>;

export interface CoalescerOptions<Response, Answer> {
  readonly send: Send<Response>;
  /** Makes the answer of one caller out of a response; called once for each caller. */
  readonly answerOf: (response: Response) => Answer;
  /** Most questions in one batch. */
  readonly maxQuestions: number;
  /** Most characters in one batch, so that it stays below the message limit of the authorizer. */
  readonly maxLength: number;
  /** Runs `flush` at the end of the event-loop turn. */
  readonly atEndOfTurn: (flush: () => void) => void;
}

interface Waiter<Answer> {
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

interface Batch<Answer> {
  readonly terms: Terms;
  readonly questions: AnyQuestion[];
  readonly waiters: Waiter<Answer>[][];
  readonly places: Map<string, number>;
  length: number;
}

/**
 * Names a question by all its fields. Injective: two questions share a name only when they are
 * equal, so no credential is ever answered with what another one may do.
 */
export function questionKey(question: AnyQuestion): string {
  if (!('endpoint' in question)) {
    const { action, resource } = question;
    return JSON.stringify([...whoKey(question), action, resource]);
  }
  const { credential, subject, endpoint } = question;
  const nobody = credential === undefined && subject === undefined;
  const who = nobody ? [] : whoKey(question);
  return JSON.stringify(['endpoint', who, endpointKey(endpoint)]);
}

function whoKey({ credential, subject }: Who): readonly (string | number)[] {
  if (subject) return [0, subject.tenantId, subject.principalId];
  if ('bearerToken' in credential) {
    return [1, credential.bearerToken, ...possessionKey(credential.possession)];
  }
  if ('sessionToken' in credential) return [4, credential.sessionToken];
  if ('apiKey' in credential) return [2, credential.apiKey];
  const { tenant, username, password } = credential.basic;
  return [3, tenant, username, password];
}

/** Told from one another by their length: no two kinds have the same. */
function possessionKey(possession: Possession | undefined): readonly string[] {
  if (possession === undefined) return [];
  if ('certificateSha256' in possession) return ['certificate', possession.certificateSha256];
  if ('verifiedJkt' in possession) return ['jkt', possession.verifiedJkt];
  const { proof, httpMethod, httpUri } = possession.dpop;
  return ['dpop', proof, httpMethod, httpUri];
}

function endpointKey({ api, call, parameters = {}, tenantId = '' }: EndpointCall): unknown {
  const words = 'grpcMethod' in call ? [call.grpcMethod] : [call.httpMethod, call.path];
  const sorted = Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1));
  return [api, tenantId, words, sorted];
}

/** A password may have to be hashed first: such a question travels alone and delays no other. */
const isSlow = ({ credential }: AnyQuestion): boolean =>
  credential !== undefined && 'basic' in credential;

function termsKey({ consistency, deadlineMs }: Terms): string {
  if (!consistency) return `${deadlineMs}`;
  return 'atLeastAsFresh' in consistency
    ? `${deadlineMs} fresh ${consistency.atLeastAsFresh}`
    : `${deadlineMs} full`;
}

/** Gathers the questions of one event-loop turn into batches. Equal questions are asked once. */
export class Coalescer<Response, Answer> {
  readonly #options: CoalescerOptions<Response, Answer>;
  readonly #open = new Map<string, Batch<Answer>>();
  #scheduled = false;

  constructor(options: CoalescerOptions<Response, Answer>) {
    this.#options = options;
  }

  ask(question: AnyQuestion, terms: Terms): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const key = questionKey(question);
      const name = isSlow(question) ? `${termsKey(terms)} ${key}` : termsKey(terms);
      const batch = this.#batchFor(name, key, terms);
      const place = batch.places.get(key);
      if (place !== undefined) {
        batch.waiters[place]?.push({ resolve, reject });
        return;
      }
      batch.places.set(key, batch.questions.length);
      batch.questions.push(question);
      batch.waiters.push([{ resolve, reject }]);
      batch.length += key.length;
    });
  }

  /** Sends what waits for the end of the turn now. */
  flush(): void {
    this.#scheduled = false;
    const batches = [...this.#open.values()];
    this.#open.clear();
    for (const batch of batches) void this.#dispatch(batch);
  }

  #batchFor(name: string, question: string, terms: Terms): Batch<Answer> {
    const { maxQuestions, maxLength, atEndOfTurn } = this.#options;
    const open = this.#open.get(name);
    if (open) {
      const fits =
        open.questions.length < maxQuestions && open.length + question.length <= maxLength;
      if (fits || open.places.has(question)) return open;
      void this.#dispatch(open);
    }
    const batch = { terms, questions: [], waiters: [], places: new Map(), length: 0 };
    this.#open.set(name, batch);
    if (!this.#scheduled) {
      this.#scheduled = true;
      atEndOfTurn(() => this.flush());
    }
    return batch;
  }

  async #dispatch({ questions, waiters, terms }: Batch<Answer>): Promise<void> {
    try {
      const responses = await this.#options.send(questions, terms);
      for (const [place, response] of responses.entries()) this.#settle(waiters[place], response);
    } catch (error) {
      for (const group of waiters) for (const waiter of group) waiter.reject(error);
    }
  }

  #settle(group: readonly Waiter<Answer>[] = [], response: Response | LedgateError): void {
    for (const waiter of group) {
      if (response instanceof LedgateError) {
        waiter.reject(response.copy());
        continue;
      }
      try {
        waiter.resolve(this.#options.answerOf(response));
      } catch (error) {
        waiter.reject(error);
      }
    }
  }
}
