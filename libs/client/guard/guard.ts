import { type Answer } from '#libs/client/answer.js';
import { credentialOf, type BasicTenant } from '#libs/client/guard/credential-of.js';
import { type RequestIdentity } from '#libs/client/guard/request-identity.js';
import { checkedResource } from '#libs/client/guard/resource-path.js';
import { type Ledgate } from '#libs/client/ledgate.js';
import { LedgateError } from '#libs/client/ledgate-error.js';
import { type Credential } from '#libs/client/question.js';

/**
 * Asked when nobody could decide. Whoever answers `'allow'` lets the request in without knowing who
 * it is: `currentIdentity()` is then undefined.
 */
export type OnUnavailable = (
  error: LedgateError,
  question: { readonly action: string; readonly resource: string },
) => 'refuse' | 'allow';

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
  | { readonly outcome: 'undecided'; readonly retryAfterMs: number }
  | { readonly outcome: 'malformed'; readonly why: string };

/** What a guarded request presents. */
export interface Presented {
  readonly authorization: string | undefined;
  readonly permission: string;
  /** May throw LedgateError BAD_QUESTION. */
  readonly resource: () => string;
}

/** Reasons of a denial that say that the credential itself is no good, whatever was asked. */
const aboutIdentity =
  /^(?:CREDENTIALS?|PASSWORD|SIGNING_KEY|TOKEN|TENANT|PRINCIPAL|WATERMARK)(?:_|$)/;
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

  #verdictOf(answer: Answer, credential: Credential): Verdict {
    const { decisionId, reason, principalId, obligations } = answer;
    if (answer.decision !== 'ALLOW') {
      return principalId === '' || aboutIdentity.test(reason)
        ? { outcome: 'unauthenticated', reason }
        : { outcome: 'denied', reason, decisionId };
    }
    const [obligation] = obligations;
    if (!obligation) return { outcome: 'allowed', identity: this.#identityOf(answer, credential) };
    if (obligation.kind === 'step_up') {
      const acrValues = obligation.parameters['acr'] ?? '';
      return { outcome: 'step-up', acrValues, decisionId };
    }
    return { outcome: 'denied', reason: 'UNKNOWN_OBLIGATION', decisionId };
  }

  #verdictWithout(error: LedgateError, question: { action: string; resource: string }): Verdict {
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
