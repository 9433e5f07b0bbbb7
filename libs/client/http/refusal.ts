import { type Verdict } from '#libs/client/guard/guard.js';

export type RefusingVerdict = Exclude<Verdict, { outcome: 'allowed' }>;

/** An HTTP response that refuses; the body is a problem (RFC 9457). */
export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RefusalOptions {
  /** Printable ASCII without quotes. */
  readonly realm: string;
  readonly basic: boolean;
}

type Parameters = Readonly<Record<string, string>>;

/** No caller can put a quote into a challenge: what is not plain is dropped. */
const plain = (text: string): string => text.replaceAll(/[^\w.:/+ -]/g, '');

/** `WWW-Authenticate` (RFC 6750 section 3, RFC 7617, RFC 9470 section 3). */
function challenge({ realm, basic }: RefusalOptions, parameters: Parameters = {}): string {
  const all = Object.entries({ realm, ...parameters }).map(([k, v]) => `${k}="${plain(v)}"`);
  const bearer = `Bearer ${all.join(', ')}`;
  return basic ? `${bearer}, ${basicChallenge({ realm })}` : bearer;
}

function basicChallenge({ realm }: Pick<RefusalOptions, 'realm'>): string {
  return `Basic realm="${plain(realm)}", charset="UTF-8"`;
}

const titles: Readonly<Record<number, string>> = { 400: 'Bad Request', 401: 'Unauthorized' };

function problem(
  status: number,
  title: string,
  headers: Parameters = {},
  more: Parameters = {},
): Refusal {
  return {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...headers,
    },
    body: JSON.stringify({ title, status, ...more }),
  };
}

/** 401, 403, 400 or 503. A caller learns the decision's id, not why: that is in the audit. */
export function refusalOf(verdict: RefusingVerdict, options: RefusalOptions): Refusal {
  switch (verdict.outcome) {
    case 'unauthenticated': {
      const error = verdict.reason === undefined ? {} : { error: 'invalid_token' };
      return problem(401, 'Unauthorized', { 'www-authenticate': challenge(options, error) });
    }
    case 'step-up': {
      const error = { error: 'insufficient_user_authentication', acr_values: verdict.acrValues };
      return problem(401, 'Unauthorized', { 'www-authenticate': challenge(options, error) });
    }
    case 'denied': {
      const { decisionId, reason } = verdict;
      if (reason !== 'SCOPE_INSUFFICIENT') return problem(403, 'Forbidden', {}, { decisionId });
      const error = { error: 'insufficient_scope' };
      const headers = { 'www-authenticate': challenge(options, error) };
      return problem(403, 'Forbidden', headers, { decisionId });
    }
    case 'refused': {
      const { httpStatus, wwwAuthenticate, decisionId } = verdict;
      const basic = options.basic && httpStatus === 401 ? `, ${basicChallenge(options)}` : '';
      const sent = wwwAuthenticate === '' ? {} : { 'www-authenticate': wwwAuthenticate + basic };
      return problem(httpStatus, titles[httpStatus] ?? 'Forbidden', sent, { decisionId });
    }
    case 'undecided': {
      const seconds = Math.max(1, Math.ceil(verdict.retryAfterMs / 1000));
      return problem(503, 'Service Unavailable', { 'retry-after': `${seconds}` });
    }
    case 'malformed':
      return problem(400, 'Bad Request');
  }
}
