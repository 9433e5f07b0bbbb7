import { type Answer, type Obligation } from '#libs/client/answer.js';
import { credentialOf, type BasicTenant } from '#libs/client/guard/credential-of.js';
import { type RequestIdentity } from '#libs/client/guard/request-identity.js';
import { checkedResource } from '#libs/client/guard/resource-path.js';
import { type Ledgate } from '#libs/client/ledgate.js';
import { LedgateError } from '#libs/client/ledgate-error.js';
import { stepUpRequired } from '#libs/client/step-up-required.js';
import { type Credential, type EndpointCall } from '#libs/client/question.js';

/** What could not be decided. `endpoint`: of a call by the rules of an API, which names neither. */
export interface Undecided {
  readonly action: string;
  readonly resource: string;
  readonly endpoint?: EndpointCall | undefined;
}

/**
 * Asked when nobody could decide. Whoever answers `'allow'` lets the request in without knowing who
 * it is: `currentIdentity()` is then undefined.
 */
export type OnUnavailable = (error: LedgateError, question: Undecided) => 'refuse' | 'allow';

export interface GuardOptions {
  /** Default `'refuse'`: 503 or UNAVAILABLE, so that an outage never reads as a denial. */
  readonly onUnavailable?: 'refuse' | OnUnavailable | undefined;
  /** Accepts HTTP Basic. Default: refused. */
  readonly basic?: BasicTenant | undefined;
}

export type Verdict =
  | { readonly outcome: 'allowed'; readonly identity: RequestIdentity | undefined }
  /** Without `reason` no credential was presented. */
  | { readonly outcome: 'unauthenticated'; readonly reason: string | undefined }
  | { readonly outcome: 'denied'; readonly reason: string; readonly decisionId: string }
  | { readonly outcome: 'step-up'; readonly acrValues: string; readonly decisionId: string }
  /** By the rule of its endpoint, with the status and the challenge that the authorizer gave. */
  | ({ readonly outcome: 'refused' } & EndpointRefusal)
  | { readonly outcome: 'undecided'; readonly retryAfterMs: number }
  | { readonly outcome: 'malformed'; readonly why: string };

export interface EndpointRefusal {
  readonly reason: string;
  readonly decisionId: string;
  readonly httpStatus: number;
  /** `''`: none is to be sent. */
  readonly wwwAuthenticate: string;
  /** What the caller must do to be let in, e.g. `step_up`. */
  readonly obligations: readonly Obligation[];
}

/** What a guarded request presents. */
export interface Presented {
  readonly authorization: string | undefined;
  readonly permission: string;
  /** May throw LedgateError BAD_QUESTION. */
  readonly resource: () => string;
}

/** Reasons of a denial that say that the credential itself is no good, whatever was asked. */
const aboutIdentity = new RegExp(
  '^(?:CREDENTIALS?|PASSWORD|SIGNING_KEY|TOKEN|FAMILY|SESSION|CLIENT|CONSENT|PROOF|TENANT|PRINCIPAL' +
    '|WATERMARK|ISSUED_BEFORE)(?:_|$)',
);
const defaultRetryMs = 1000;

/** Judges requests: the same for gRPC and every HTTP framework. */
export class Guard {
  readonly #ledgate: Ledgate;
  readonly #options: GuardOptions;

  constructor(ledgate: Ledgate, options: GuardOptions = {}) {
    this.#ledgate = ledgate;
    this.#options = options;
  }

  get acceptsBasic(): boolean {
    return this.#options.basic !== undefined;
  }

  /** Rejects only with errors of the function that names the resource. */
  async judge({ authorization, permission, resource }: Presented): Promise<Verdict> {
    const presented = credentialOf(authorization, this.#options.basic);
    if (presented.found !== 'credential') {
      const reason = presented.found === 'nothing' ? undefined : 'CREDENTIAL_UNREADABLE';
      return { outcome: 'unauthenticated', reason };
    }
    const question = { action: permission, resource: '' };
    try {
      question.resource = checkedResource(resource());
      const { credential } = presented;
      return this.#verdictOf(
        await this.#ledgate.authorize({ credential, ...question }),
        credential,
      );
    } catch (error) {
      if (!(error instanceof LedgateError)) throw error;
      return this.#verdictWithout(error, question);
    }
  }

  /**
   * Judges a call by the rule of its endpoint. Whoever presents nothing may be let in too, where the
   * endpoint is public.
   */
  async judgeCall(authorization: string | undefined, endpoint: EndpointCall): Promise<Verdict> {
    const presented = credentialOf(authorization, this.#options.basic);
    if (presented.found === 'unreadable') {
      return { outcome: 'unauthenticated', reason: 'CREDENTIAL_UNREADABLE' };
    }
    const credential = presented.found === 'credential' ? presented.credential : undefined;
    const who = credential === undefined ? {} : { credential };
    try {
      return this.#callVerdict(await this.#ledgate.authorize({ ...who, endpoint }), credential);
    } catch (error) {
      if (!(error instanceof LedgateError)) throw error;
      return this.#verdictWithout(error, { action: '', resource: '', endpoint });
    }
  }

  #callVerdict(answer: Answer, credential: Credential | undefined): Verdict {
    const { decisionId, reason, obligations, endpoint, principalId } = answer;
    if (answer.decision === 'ALLOW' && obligations.length === 0) {
      const known = credential !== undefined && principalId !== '';
      return {
        outcome: 'allowed',
        identity: known ? this.#identityOf(answer, credential) : undefined,
      };
    }
    const { httpStatus = 403, wwwAuthenticate = '' } = endpoint ?? {};
    const refusal = { reason, decisionId, obligations, wwwAuthenticate };
    return { outcome: 'refused', ...refusal, httpStatus: httpStatus === 200 ? 403 : httpStatus };
  }

  #verdictOf(answer: Answer, credential: Credential): Verdict {
    const { decisionId, reason, principalId, obligations } = answer;
    const needed = stepUpRequired(answer);
    if (needed !== undefined) {
      return { outcome: 'step-up', acrValues: needed.acr ?? '', decisionId };
    }
    if (answer.decision !== 'ALLOW') {
      return principalId === '' || aboutIdentity.test(reason)
        ? { outcome: 'unauthenticated', reason }
        : { outcome: 'denied', reason, decisionId };
    }
    const [obligation] = obligations;
    if (!obligation) return { outcome: 'allowed', identity: this.#identityOf(answer, credential) };
    return { outcome: 'denied', reason: 'UNKNOWN_OBLIGATION', decisionId };
  }

  #verdictWithout(error: LedgateError, question: Undecided): Verdict {
    if (error.kind === 'BAD_QUESTION') return { outcome: 'malformed', why: error.message };
    const { onUnavailable = 'refuse' } = this.#options;
    if (onUnavailable !== 'refuse' && onUnavailable(error, question) === 'allow') {
      return { outcome: 'allowed', identity: undefined };
    }
    return { outcome: 'undecided', retryAfterMs: error.retryAfterMs ?? defaultRetryMs };
  }

  #identityOf(answer: Answer, credential: Credential): RequestIdentity {
    const { tenantId, principalId, decisionId } = answer;
    const may = async (action: string, resource: string): Promise<boolean> => {
      const { decision, obligations } = await this.#ledgate.authorize({
        credential,
        action,
        resource: checkedResource(resource),
      });
      return decision === 'ALLOW' && obligations.length === 0;
    };
    return { tenantId, principalId, decisionId, may };
  }
}
