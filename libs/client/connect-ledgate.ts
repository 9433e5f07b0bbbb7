import {
  AuthorizerServiceService as methods,
  type AuthorizeResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { type Answer } from '#libs/client/answer.js';
import { checkCredential, checkQuestion, checkWho } from '#libs/client/check-question.js';
import { Coalescer } from '#libs/client/coalescer.js';
import { type Ledgate } from '#libs/client/ledgate.js';
import { LedgateError } from '#libs/client/ledgate-error.js';
import { type AnyQuestion, type CallOptions } from '#libs/client/question.js';
import { ask, askEach, maxBatch } from '#libs/client/rpc/ask.js';
import { type Tls } from '#libs/client/rpc/channel-credentials.js';
import { Channels } from '#libs/client/rpc/channels.js';
import { RetryBudget } from '#libs/client/rpc/retry.js';
import { Rpc, type CallerCredential } from '#libs/client/rpc/rpc.js';
import {
  answerOf,
  authenticationOf,
  explanationOf,
  permissionsOf,
} from '#libs/client/rpc/wire-answer.js';
import {
  wireConsistency,
  wireCredential,
  wireQuestion,
  wireWho,
} from '#libs/client/rpc/wire-question.js';
import { systemClock } from '#libs/runtime/clock.js';

export interface LedgateOptions {
  /** `host:port` of an authorizer, or of several: they are asked in turn. */
  readonly address: string | readonly string[];
  /** API key or access token of this service, or a function that gives it for each call. */
  readonly credential: CallerCredential;
  /** Left out: plaintext on the loopback interface, TLS with the system's authorities elsewhere. */
  readonly tls?: Tls | undefined;
  /** Time for one call with all its retries, in milliseconds. Default: 250. */
  readonly deadlineMs?: number | undefined;
}

const defaultDeadlineMs = 250;
/** Characters in a batch: even where each takes three bytes less than half of a message's 4 MiB. */
const maxBatchLength = 512 * 1024;

function addressesOf({ address }: LedgateOptions): readonly string[] {
  const addresses = typeof address === 'string' ? [address] : address;
  if (addresses.length === 0 || addresses.includes('')) {
    throw new TypeError('address: at least one host:port is needed');
  }
  return addresses;
}

function checkedDeadline(deadlineMs: number): number {
  if (!(deadlineMs > 0)) throw new TypeError('deadlineMs: must be above 0');
  return deadlineMs;
}

class RemoteLedgate implements Ledgate {
  readonly #rpc: Rpc;
  readonly #deadlineMs: number;
  readonly #coalescer: Coalescer<AuthorizeResponse, Answer>;
  #closing: Promise<void> | undefined;

  constructor(options: LedgateOptions) {
    this.#deadlineMs = checkedDeadline(options.deadlineMs ?? defaultDeadlineMs);
    this.#rpc = new Rpc({
      channels: new Channels(addressesOf(options), options.tls, systemClock),
      credential: options.credential,
      clock: systemClock,
      random: Math.random,
      budget: new RetryBudget(),
    });
    this.#coalescer = new Coalescer<AuthorizeResponse, Answer>({
      send: (questions, { consistency, deadlineMs }) =>
        askEach(this.#rpc, questions, {
          consistency,
          deadlineAtMs: this.#rpc.deadlineIn(deadlineMs),
        }),
      answerOf,
      maxQuestions: maxBatch,
      maxLength: maxBatchLength,
      atEndOfTurn: (flush) => setImmediate(flush),
    });
  }

  async authenticate(...[credential, options]: Parameters<Ledgate['authenticate']>) {
    checkCredential(credential);
    const request = {
      credential: wireCredential(credential),
      consistency: wireConsistency(options?.consistency),
    };
    return authenticationOf(
      await this.#rpc.call(methods.authenticate, request, this.#deadline(options)),
    );
  }

  async authorize(question: AnyQuestion, options: CallOptions = {}): Promise<Answer> {
    this.#refuseWhenClosed();
    checkQuestion(question);
    const deadlineMs = checkedDeadline(options.deadlineMs ?? this.#deadlineMs);
    return this.#coalescer.ask(question, { consistency: options.consistency, deadlineMs });
  }

  async batchAuthorize(
    questions: readonly AnyQuestion[],
    options?: CallOptions,
  ): Promise<Answer[]> {
    const deadlineAtMs = this.#deadline(options);
    questions.forEach(checkQuestion);
    const parts: (readonly AnyQuestion[])[] = [];
    for (let from = 0; from < questions.length; from += maxBatch) {
      parts.push(questions.slice(from, from + maxBatch));
    }
    const terms = { consistency: options?.consistency, deadlineAtMs };
    const responses = await Promise.all(parts.map((part) => ask(this.#rpc, part, terms)));
    return responses.flat().map((response) => answerOf(response));
  }

  async listPermissions(...[question, options]: Parameters<Ledgate['listPermissions']>) {
    checkWho(question);
    const request = {
      who: wireWho(question),
      resource: question.resource ?? '',
      consistency: wireConsistency(options?.consistency),
      pageSize: question.pageSize ?? 0,
      pageToken: question.pageToken ?? '',
    };
    return permissionsOf(
      await this.#rpc.call(methods.listPermissions, request, this.#deadline(options)),
    );
  }

  async explain(question: AnyQuestion, options?: CallOptions) {
    checkQuestion(question);
    const request = wireQuestion(question, options?.consistency);
    return explanationOf(await this.#rpc.call(methods.explain, request, this.#deadline(options)));
  }

  close(): Promise<void> {
    this.#coalescer.flush();
    this.#closing ??= this.#rpc.close();
    return this.#closing;
  }

  #deadline(options: CallOptions | undefined): number {
    this.#refuseWhenClosed();
    return this.#rpc.deadlineIn(checkedDeadline(options?.deadlineMs ?? this.#deadlineMs));
  }

  #refuseWhenClosed(): void {
    if (this.#closing) {
      throw new LedgateError('CLOSED', 'The Ledgate client was closed', { reason: 'CLOSED' });
    }
  }
}

/**
 * Makes a client of the authorizer. Connects when first asked; throws TypeError on wrong options.
 */
export function connectLedgate(options: LedgateOptions): Ledgate {
  return new RemoteLedgate(options);
}
