import { lookup } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { Failure } from '#libs/errors/failure.js';

/** Largest answer that is read, bytes. */
const mostBytes = 262_144;
/** From the first byte to the last, ms. */
const longestMs = 5_000;

export interface OutboundRequest {
  readonly url: string;
  /** Absent: GET. */
  readonly form?: URLSearchParams | undefined;
  readonly authorization?: string | undefined;
  /** Addresses of this network and this machine, and http there: for tests and development. */
  readonly allowPrivate: boolean;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/**
 * Asks a server that somebody else named for a JSON object. Against requests that are made to reach
 * inside (CWE-918): https only, no private address, judged where the name is resolved, so that no
 * second look-up says otherwise; redirects are not followed; size and time are bounded. Rejects
 * NOT_READY.
 */
export async function outboundJson(ask: OutboundRequest): Promise<OutboundAnswer> {
  try {
    return await send(ask, new URL(ask.url));
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    throw unreachable('it did not answer', cause);
  }
}

export function unreachable(why: string, cause?: unknown): Failure {
  return new Failure('NOT_READY', `the provider cannot be used now: ${why}`, { cause });
}

function send(ask: OutboundRequest, url: URL): Promise<OutboundAnswer> {
  const { form, authorization, allowPrivate } = ask;
  const host = url.hostname.replace(/^\[|\]$/gu, '');
  const secure = url.protocol === 'https:';
  const plain = url.protocol === 'http:' && allowPrivate;
  if (!secure && !plain) throw unreachable('its addresses must be https');
  if (!allowPrivate && isIP(host) !== 0 && isPrivate(host)) throw unreachable('address is private');
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
    signal: AbortSignal.timeout(longestMs),
    ...(allowPrivate ? {} : { lookup: publicLookup }),
  };
  return new Promise((resolve, reject) => {
    const request = (secure ? httpsRequest : httpRequest)(url, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        chunks.push(chunk);
        if (size > mostBytes) request.destroy(unreachable('its answer is too long'));
      });
      response.on('error', reject);
      response.on('end', () => {
        const parsed = parseJson(Buffer.concat(chunks).toString('utf8'));
        if (parsed === undefined) reject(unreachable('its answer is no JSON object'));
        else resolve({ status: response.statusCode ?? 0, body: parsed });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const object = typeof value === 'object' && value !== null && !Array.isArray(value);
    return object ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Resolves a name to addresses, and refuses it when one of them is private. */
const publicLookup: LookupFunction = (name, options, done) => {
  lookup(name, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error !== null || first === undefined) {
      return done(error ?? new Error('no address'), '');
    }
    if (addresses.some(({ address }) => isPrivate(address))) {
      return done(unreachable('address is private'), '');
    }
    if (options.all === true) return done(null, addresses);
    return done(null, first.address, first.family);
  });
};

/** What is not reachable from everywhere (IANA special-purpose address registries). */
const inside = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  inside.addSubnet(net, bits, 'ipv4');
}
/** Global unicast is 2000::/3; of that, what maps to other addresses or documents is not. */
const globalV6 = new BlockList();
globalV6.addSubnet('2000::', 3, 'ipv6');
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  inside.addSubnet(net, bits, 'ipv6');
}

/** Whether an IP address is not one of the public network. */
export function isPrivate(address: string): boolean {
  if (isIP(address) === 4) return inside.check(address, 'ipv4');
  if (isIP(address) !== 6) return true;
  return !globalV6.check(address, 'ipv6') || inside.check(address, 'ipv6');
}
