import type { IncomingMessage, ServerResponse } from 'node:http';
import { invalidRequest, type OauthError } from './oauth-error.js';

/** Far more than any request of the protocol needs. */
const mostFormBytes = 56 * 1024;

/** A request to an endpoint that takes forms. */
export interface FormRequest {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** Those that came with a value (RFC 6749, section 3.2); of one that is repeated the first. */
  readonly params: ReadonlyMap<string, string>;
  /** Names of those that came more than once. */
  readonly repeated: ReadonlySet<string>;
  /** Address of whoever asks. */
  readonly source: string;
}

/**
 * Reads a form to its end.
 *
 * @throws OauthError invalid_request: another type, more than 56 KiB, cut short, or not encoded
 *   rightly.
 */
export async function readForm(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  source: string,
): Promise<FormRequest> {
  const type = incoming.headers['content-type'];
  if (type !== undefined && !isForm(type)) {
    throw invalidRequest('only application/x-www-form-urlencoded bodies are taken here');
  }
  const body = await bodyOf(incoming, outgoing);
  return { incoming, outgoing, source, ...paramsOf(type === undefined ? '' : body) };
}

/**
 * RFC 6749, section 3.2: no parameter more than once.
 *
 * @throws OauthError invalid_request, unless it is one of these.
 */
export function refuseRepeated({ repeated }: FormRequest, but: readonly string[] = []): void {
  for (const name of repeated) {
    if (!but.includes(name)) throw invalidRequest(`${quotable(name)} must not be provided twice`);
  }
}

/**
 * The value of a parameter that there must be.
 *
 * @throws OauthError invalid_request
 */
export function neededParam({ params }: FormRequest, name: string): string {
  const value = params.get(name);
  if (value === undefined) throw invalidRequest(`missing required parameter ${name}`);
  return value;
}

/** What a parameter is called in an error: names are the caller's, and may be anything. */
function quotable(name: string): string {
  return /^[a-z_]{1,40}$/u.test(name) ? name : 'a parameter';
}

function isForm(type: string): boolean {
  const [media = '', ...parameters] = type.toLowerCase().split(';');
  const charset = parameters.map((one) => one.trim()).find((one) => one.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-8"?$/u.test(charset);
  return media.trim() === 'application/x-www-form-urlencoded' && isUtf8;
}

function bodyOf(incoming: IncomingMessage, outgoing: ServerResponse): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const refuse = (error: OauthError): void => {
      // What is still under way is not read: the connection cannot be used again.
      incoming.removeListener('data', take).resume();
      outgoing.setHeader('connection', 'close');
      reject(error);
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > mostFormBytes) refuse(invalidRequest('the request is too large'));
      else chunks.push(chunk);
    };
    incoming.on('data', take);
    incoming.once('end', () => {
      const [one = Buffer.alloc(0)] = chunks;
      resolve((chunks.length > 1 ? Buffer.concat(chunks, length) : one).toString('utf8'));
    });
    const cut = (): void => {
      if (!incoming.complete) reject(invalidRequest('the request was cut short'));
    };
    incoming.once('error', cut);
    incoming.once('close', cut);
  });
}

function paramsOf(body: string): Pick<FormRequest, 'params' | 'repeated'> {
  const params = new Map<string, string>();
  const repeated = new Set<string>();
  if (body === '') return { params, repeated };
  const seen = new Set<string>();
  for (const field of body.split('&')) {
    if (field === '') continue;
    const equals = field.indexOf('=');
    const name = decoded(equals < 0 ? field : field.slice(0, equals));
    const value = equals < 0 ? '' : decoded(field.slice(equals + 1));
    if (seen.has(name)) repeated.add(name);
    seen.add(name);
    if (value !== '' && !params.has(name)) params.set(name, value);
  }
  return { params, repeated };
}

/** One name or value of a form (WHATWG URL, application/x-www-form-urlencoded). */
export function decoded(text: string): string {
  if (!/[%+]/u.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw invalidRequest('the request is not encoded rightly');
  }
}
