import { status, type ServiceError } from '@grpc/grpc-js';
import {
  AuthorizerServiceService as methods,
  type AuthorizeRequest,
  type Consistency,
  type Credential,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import type { Endpoint } from './endpoint.js';

const allowed = 1;

/** What an answer must include: what is there now, the token's write, everything before the call. */
export type Demand = 'now' | 'token' | 'everything';

function consistencyOf(demand: Demand, token: string): Consistency {
  switch (demand) {
    case 'now':
      return { requirement: { $case: 'minimizeLatency', value: true } };
    case 'token':
      return { requirement: { $case: 'atLeastAsFresh', value: token } };
    case 'everything':
      return { requirement: { $case: 'fullyConsistent', value: true } };
  }
}

interface Presented {
  readonly name: string;
  readonly credential: NonNullable<Credential['credential']>;
  readonly authenticates: boolean;
}

/** Slug of the tenant that the load works in. */
export const tenant = 'chaos';

/**
 * The former password is a guess like any other, twice each time: of an account, ten are free, and more
 * would brake its owner too.
 */
const mostFormer = 4;

/** One principal, what was acknowledged about it, and so what every authorizer has to say. */
export class Holding {
  #formerAsked = 0;
  apiKey = '';
  /** An access token that was issued to it. */
  accessToken = '';
  /** Of a user with a password; the former one must never be accepted again. */
  username = '';
  password = '';
  formerPassword = '';
  resource = '';
  /** Are its credentials good? */
  authenticates = false;
  /** Does a grant allow it `orders:read` on its resource? */
  granted = false;
  /** Something was taken away, for ever. */
  revoked = false;
  /** Consistency token of the last acknowledged change. */
  token = '';
  /** `performance.now()` of it; Infinity while a change is under way: then both answers are right. */
  settledAtMs = Number.POSITIVE_INFINITY;
  /** The last change was promised, and is no record yet: whoever restarts has to be told of it again. */
  held = false;

  /** Without a token the change is held. */
  settle(token: string | undefined): void {
    this.token = token ?? '';
    this.held = this.token === '';
    if (!this.held) this.settledAtMs = performance.now();
  }

  unsettle(): void {
    this.settledAtMs = Number.POSITIVE_INFINITY;
  }

  /** What is wrong with the answers of one authorizer; empty when nothing is. */
  async wrongAnswers(authorizer: Endpoint, caller: string, demand: Demand): Promise<string[]> {
    const { settledAtMs } = this;
    if (settledAtMs === Number.POSITIVE_INFINITY) return [];
    const consistency = consistencyOf(demand, this.token);
    const wrong: string[] = [];
    for (const { name, credential, authenticates } of this.#credentials()) {
      const request = { credential: { credential }, consistency };
      const { authenticated, reason } = await authorizer.insist(
        methods.authenticate,
        request,
        caller,
      );
      if (authenticated !== authenticates) wrong.push(`${name} ${authenticated}: ${reason}`);
      const question = { ...this.#question({ credential }), consistency };
      const answer = await authorizer.insist(methods.authorize, question, caller);
      const expected = authenticates && this.granted;
      if ((answer.decision === allowed) !== expected) {
        wrong.push(`${name}: ${answer.reason}, expected ${expected ? 'ALLOWED' : 'a denial'}`);
      }
    }
    // What changed meanwhile has two right answers.
    return this.settledAtMs === settledAtMs ? wrong : [];
  }

  #credentials(): Presented[] {
    const { apiKey, accessToken, authenticates, username } = this;
    const presented: Presented[] = [];
    const present = (name: string, credential: Presented['credential'], good: boolean): void =>
      void presented.push({ name, credential, authenticates: good });
    if (apiKey !== '') present('key', { $case: 'apiKey', value: apiKey }, authenticates);
    if (accessToken !== '') {
      present('token', { $case: 'bearerToken', value: accessToken }, authenticates);
    }
    if (username === '') return presented;
    const basic = (password: string): Presented['credential'] => ({
      $case: 'basic',
      value: { tenant, username, password },
    });
    if (this.formerPassword !== '' && this.#formerAsked < mostFormer) {
      this.#formerAsked += 1;
      present('former password', basic(this.formerPassword), false);
    }
    // The identity that the authorizer asks may hear of a new password after the one that set it.
    const known = performance.now() - this.settledAtMs > 2_000;
    if (known) present('password', basic(this.password), authenticates);
    return presented;
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
  demand: Demand,
): Promise<string[]> {
  const wrong: string[] = [];
  const left = [...holdings];
  const lanes = Array.from({ length: 16 }, async () => {
    for (let holding = left.pop(); holding !== undefined; holding = left.pop()) {
      try {
        wrong.push(...(await holding.wrongAnswers(authorizer, caller, demand)));
      } catch (error) {
        const { code, details } = error as ServiceError;
        wrong.push(`no answer: ${status[code] ?? ''} ${details ?? String(error)}`);
      }
    }
  });
  await Promise.all(lanes);
  return wrong;
}
