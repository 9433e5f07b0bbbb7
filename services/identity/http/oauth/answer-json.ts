import type { OutgoingHttpHeaders } from 'node:http';
import type { FormRequest } from './form-request.js';
import type { OauthError } from './oauth-error.js';

type Asked = Pick<FormRequest, 'incoming' | 'outgoing'>;

/** Answers in JSON, for nobody to keep (RFC 6749, section 5.1); `undefined`: no body. */
export function answerJson(
  { outgoing }: Pick<Asked, 'outgoing'>,
  status: number,
  body: object | undefined,
  headers?: OutgoingHttpHeaders,
): void {
  const text = body === undefined ? '' : JSON.stringify(body);
  outgoing.writeHead(status, {
    'cache-control': 'no-store',
    ...(body === undefined ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    'content-length': Buffer.byteLength(text),
    ...headers,
  });
  outgoing.end(text);
}

/**
 * RFC 6749, section 5.2. Whoever tried to authenticate by a header is told the scheme
 * (RFC 9110, section 15.5.2).
 */
export function answerError(asked: Asked, error: OauthError, issuer: URL): void {
  const { code, status, headers, members } = error;
  // RFC 6749, section 5.2: no quotation marks, no backslashes, nothing beyond ASCII.
  const description = error.message.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/gu, "'");
  const body = { error: code, error_description: description, ...members };
  const tried = asked.incoming.headers.authorization !== undefined;
  const words = `error="${code}", error_description="${description}"`;
  const challenge = `Basic realm="${issuer.origin}", ${words}`;
  const more = status === 401 && tried ? { 'www-authenticate': challenge } : {};
  answerJson(asked, status, body, { ...more, ...headers });
}
