import { status, type ServiceError } from '@grpc/grpc-js';
import {
  AuthorizerServiceService as methods,
  type AuthorizeRequest,
  type Consistency,
  type Credential,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import type { Endpoint } from './endpoint.js';

const allowed = 1;

/** One principal, what was acknowledged about it, and so what every authorizer has to say. */
export class Holding {
  apiKey = '';
  /** An access token that was issued to it. */
  accessToken = '';
  resource = '';
  /** Is its API key good? */
  authenticates = false;
  /** Does a grant allow it `orders:read` on its resource? */
  granted = false;
  /** Something was taken away, for ever. */
  revoked = false;
  /** Consistency token of the last acknowledged change. */
  token = '';
  /** `performance.now()` of it; Infinity while a change is under way: then both answers are right. */
  settledAtMs = Number.POSITIVE_INFINITY;

  settle(token: string | undefined): void {
    this.token = token ?? '';
    this.settledAtMs = performance.now();
  }

  unsettle(): void {
    this.settledAtMs = Number.POSITIVE_INFINITY;
  }

  /** What is wrong with the answers of one authorizer; empty when nothing is. */
  async wrongAnswers(authorizer: Endpoint, caller: string, fresh: boolean): Promise<string[]> {
    const { token, authenticates, granted, settledAtMs } = this;
    if (settledAtMs === Number.POSITIVE_INFINITY || this.apiKey === '') return [];
    const consistency: Consistency = fresh
      ? { requirement: { $case: 'atLeastAsFresh', value: token } }
      : { requirement: { $case: 'minimizeLatency', value: true } };
    const credential: Credential = { credential: { $case: 'apiKey', value: this.apiKey } };
    const bearer: Credential = { credential: { $case: 'bearerToken', value: this.accessToken } };
    const wrong: string[] = [];
    const { authenticated, reason } = await authorizer.insist(
      methods.authenticate,
      { credential, consistency },
      caller,
    );
    if (authenticated !== authenticates) wrong.push(`authenticated ${authenticated}: ${reason}`);
    const questions: readonly [Credential, string][] = [
      [credential, 'key'],
      ...(this.accessToken === '' ? [] : [[bearer, 'token'] as [Credential, string]]),
    ];
    for (const [value, name] of questions) {
      const answer = await authorizer.insist(
        methods.authorize,
        { ...this.#question(value), consistency },
        caller,
      );
      const expected = authenticates && granted;
      if ((answer.decision === allowed) !== expected) {
        wrong.push(`${name}: ${answer.reason}, expected ${expected ? 'ALLOWED' : 'a denial'}`);
      }
    }
    // What changed meanwhile has two right answers.
    return this.settledAtMs === settledAtMs ? wrong : [];
  }

  #question(value: Credential): Partial<AuthorizeRequest> {
    const { resource } = this;
    return { who: { $case: 'credential', value }, action: 'orders:read', resource };
  }
}

/** Asks about all of `holdings`, some at a time; resolves with every wrong answer. */
export async function wrongAnswers(
  holdings: readonly Holding[],
  authorizer: Endpoint,
  caller: string,
  fresh: boolean,
): Promise<string[]> {
  const wrong: string[] = [];
  const left = [...holdings];
  const lanes = Array.from({ length: 16 }, async () => {
    for (let holding = left.pop(); holding !== undefined; holding = left.pop()) {
      try {
        wrong.push(...(await holding.wrongAnswers(authorizer, caller, fresh)));
      } catch (error) {
        const { code, details } = error as ServiceError;
        wrong.push(`no answer: ${status[code] ?? ''} ${details ?? String(error)}`);
      }
    }
  });
  await Promise.all(lanes);
  return wrong;
}
