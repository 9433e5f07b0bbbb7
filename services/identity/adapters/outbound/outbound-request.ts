import { lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPrivate } from './private-address.js';

/** Largest answer that is read, bytes. */
const mostBytes = 262_144;
/** From the first look-up to the last byte, ms. */
const longestMs = 5_000;

export interface OutboundRequest {
  readonly url: string;
  /** Absent: GET. */
  readonly form?: URLSearchParams | undefined;
  readonly authorization?: string | undefined;
  /** Addresses of this network and this machine, and http there: for tests and development. */
  readonly allowPrivate: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** What is asked for is not fetched, or the answer is not read to its end. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
}

/**
 * Asks a server that somebody else named. Against requests that are made to reach inside (CWE-918):
 * https only, no private address, judged where the name is resolved, so that no second look-up says
 * otherwise; redirects are not followed; size and time are bounded. Without TLS to private addresses
 * only, where they are allowed. Rejects OutboundRefused, or what the network says.
 */
export async function outboundRequest(ask: OutboundRequest): Promise<OutboundAnswer> {
  const { form, authorization, allowPrivate, timeoutMs = longestMs } = ask;
  const url = new URL(ask.url);
  const host = url.hostname.replace(/^\[|\]$/gu, '');
  const secure = url.protocol === 'https:';
  const plain = url.protocol === 'http:' && allowPrivate;
  if (!secure && !plain) throw new OutboundRefused('its addresses must be https');
  const mayReach = (address: string): boolean => (isPrivate(address) ? allowPrivate : secure);
  if (isIP(host) !== 0 && !mayReach(host)) throw refusedAddress(secure);
  const body = form?.toString();
  const options: RequestOptions = {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'application/json',
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined
        ? {}
        : {
            'content-type': 'application/x-www-form-urlencoded',
            'content-length': Buffer.byteLength(body),
          }),
    },
    agent: false,
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(ask.signal ? [ask.signal] : [])]),
    lookup: lookupOf(mayReach, secure),
  };
  return new Promise((resolve, reject) => {
    const request = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size <= mostBytes) return;
        reject(new OutboundRefused('its answer is too long'));
        request.destroy();
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

function refusedAddress(secure: boolean): OutboundRefused {
  return new OutboundRefused(secure ? 'address is private' : 'its addresses must be https');
}

/** Resolves a name to addresses, and refuses it when one of them may not be reached. */
function lookupOf(mayReach: (address: string) => boolean, secure: boolean): LookupFunction {
  return (name, options, done) => {
    lookup(name, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? [];
      if (error !== null || first === undefined) {
        return done(error ?? new Error('no address'), '');
      }
      if (!addresses.every(({ address }) => mayReach(address))) {
        return done(refusedAddress(secure), '');
      }
      if (options.all === true) return done(null, addresses);
      return done(null, first.address, first.family);
    });
  };
}
