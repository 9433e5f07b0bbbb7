import type { IncomingMessage, ServerResponse } from 'node:http';
import { isOwnOrigin } from './own-origin.js';
import { namedClient } from './acting-client.js';
import { answerError } from './answer-json.js';
import { readForm, type FormRequest } from './form-request.js';
import { asOauthError, invalidRequest } from './oauth-error.js';
import type { OauthParts } from './oauth-parts.js';

/** Answers a form, or rejects with what the client is told. */
export type Endpoint = (form: FormRequest) => Promise<void>;

/** So long a browser remembers what it was told of other origins, s. */
const preflightTtlS = '3600';

/**
 * The endpoints that clients call themselves, without a browser in between (RFC 6749, section 3.2;
 * RFC 7662; RFC 7009): forms in, JSON out. Scripts may call them too, from the origins of their
 * client's redirect URIs.
 */
export class BackChannel {
  readonly #parts: OauthParts;
  readonly #endpoints: ReadonlyMap<string, Endpoint>;

  /** `endpoints` by their paths. */
  constructor(parts: OauthParts, endpoints: ReadonlyMap<string, Endpoint>) {
    this.#parts = parts;
    this.#endpoints = endpoints;
  }

  /** False: the path is none of ours, and nothing was done. `source`: address of whoever asks. */
  answer(
    path: string,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    source: string,
  ): boolean {
    const endpoint = this.#endpoints.get(path);
    if (endpoint === undefined) return false;
    outgoing.setHeader('vary', 'Origin');
    if (incoming.method === 'POST') void this.#post(endpoint, incoming, outgoing, source);
    else if (isPreflight(incoming)) answerPreflight(incoming, outgoing);
    else outgoing.writeHead(405, { allow: 'POST, OPTIONS', 'content-length': 0 }).end();
    return true;
  }

  /** Never rejects. */
  async #post(
    endpoint: Endpoint,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    source: string,
  ): Promise<void> {
    const { origin } = incoming.headers;
    outgoing.setHeader('access-control-allow-origin', origin ?? '*');
    outgoing.setHeader('access-control-expose-headers', 'DPoP-Nonce,WWW-Authenticate');
    try {
      const form = await readForm(incoming, outgoing, source);
      // What is being read anew knows clients and secrets that are none any more, and not yet all.
      this.#parts.ledger.requireServing();
      if (origin !== undefined) this.#requireOrigin(form, origin);
      await endpoint(form);
    } catch (error) {
      this.#refuse(incoming, outgoing, error);
    }
  }

  /** What a client is told is for scripts of its own origins only: errors too. */
  #requireOrigin(form: FormRequest, origin: string): void {
    const client = namedClient(this.#parts, form);
    if (client === undefined || isOwnOrigin(client.settings.redirectUris, origin)) return;
    form.outgoing.removeHeader('access-control-allow-origin');
    throw invalidRequest('the origin is not one of the client');
  }

  #refuse(incoming: IncomingMessage, outgoing: ServerResponse, error: unknown): void {
    const { log, issuer } = this.#parts;
    const refused = asOauthError(error);
    const { status, code, detail } = refused;
    if (status === 500) log.error({ err: error }, 'an OAuth request failed');
    else log.debug({ code, why: detail, err: refused.cause }, 'an OAuth request was refused');
    if (outgoing.headersSent) outgoing.destroy();
    else answerError({ incoming, outgoing }, refused, issuer);
  }
}

/** Fetch, section 4.8: a browser asks before it lets a script send what a form could not. */
function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
}

function answerPreflight({ headers }: IncomingMessage, outgoing: ServerResponse): void {
  const asked = headers['access-control-request-headers'];
  outgoing.writeHead(204, {
    'access-control-allow-origin': headers.origin ?? '*',
    'access-control-max-age': preflightTtlS,
    'access-control-allow-methods': 'POST',
    ...(asked === undefined ? {} : { 'access-control-allow-headers': asked }),
  });
  outgoing.end();
}
