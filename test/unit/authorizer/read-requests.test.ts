import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  AuthenticateRequest,
  AuthorizeRequest,
  BatchAuthorizeRequest,
  type Consistency,
  type Credential,
  type Endpoint,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import {
  readAuthentication,
  readBatch,
  readQuestion,
} from '#services/authorizer/grpc/wire/read-requests.js';
import type {
  WireConsistency,
  WireEndpoint,
  WireQuestion,
  WireWho,
} from '#services/authorizer/grpc/wire/wire-question.js';
import { MalformedMessage } from '#services/authorizer/grpc/wire/wire-reader.js';
import {
  arbitraryAuthentication,
  arbitraryBatch,
  arbitraryQuestion,
  unknownField,
} from './arbitrary-messages.js';

// The generated decoder is the oracle: the hand-written one must read the same out of every message.

function whoOf(credential: Credential | undefined): WireWho {
  const one = credential?.credential;
  if (credential === undefined) return undefined;
  if (one === undefined) return { kind: 'EMPTY' };
  const { possession } = credential;
  if (one.$case === 'bearerToken') {
    const token = { kind: 'TOKEN' as const, text: one.value };
    return possession === undefined ? token : { ...token, proof: possession };
  }
  if (one.$case === 'sessionToken') return { kind: 'SESSION', text: one.value };
  if (one.$case === 'apiKey') return { kind: 'API_KEY', text: one.value };
  return { kind: 'BASIC', ...one.value };
}

function consistencyOf(consistency: Consistency | undefined): WireConsistency {
  const one = consistency?.requirement;
  if (consistency === undefined) return undefined;
  if (one === undefined) return { kind: 'EMPTY' };
  if (one.$case === 'atLeastAsFresh') return { kind: 'AT_LEAST_AS_FRESH', token: one.value };
  const kind = one.$case === 'fullyConsistent' ? 'FULLY_CONSISTENT' : 'MINIMIZE_LATENCY';
  return { kind, value: one.value };
}

function endpointOf(endpoint: Endpoint | undefined): WireEndpoint | undefined {
  if (endpoint === undefined) return undefined;
  const { api, call: one, parameters, tenantId: tenant } = endpoint;
  const call: WireEndpoint['call'] =
    one === undefined
      ? undefined
      : one.$case === 'http'
        ? { kind: 'HTTP', ...one.value }
        : { kind: 'GRPC', method: one.value };
  return { api, call, parameters: new Map(Object.entries(parameters)), tenant };
}

function questionOf(message: AuthorizeRequest): WireQuestion {
  const { who, action, resource, consistency, endpoint } = message;
  const subject = who?.$case === 'subject' ? who.value : undefined;
  return {
    who: subject
      ? { kind: 'SUBJECT', tenant: subject.tenantId, principal: subject.principalId }
      : whoOf(who?.$case === 'credential' ? who.value : undefined),
    action,
    resource,
    consistency: consistencyOf(consistency),
    endpoint: endpointOf(endpoint),
  };
}

/** The fields of two messages one after the other, with unknown ones before, between and after. */
const joined = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

describe('reading AuthorizeRequest by hand', () => {
  it('reads what the generated decoder reads, whatever the fields', () => {
    fc.assert(
      fc.property(arbitraryQuestion, (message) => {
        const bytes = Buffer.from(AuthorizeRequest.encode(message).finish());
        expect(readQuestion(bytes)).toEqual(questionOf(AuthorizeRequest.decode(bytes)));
      }),
      { numRuns: 500 },
    );
  });

  it('takes the last of a repeated field and of a oneof, and passes over unknown fields', () => {
    const message = fc.tuple(unknownField, arbitraryQuestion, unknownField, arbitraryQuestion);
    fc.assert(
      fc.property(message, ([unknown1, first, unknown2, second]) => {
        const bytes = joined(
          unknown1,
          AuthorizeRequest.encode(first).finish(),
          unknown2,
          AuthorizeRequest.encode(second).finish(),
        );
        expect(readQuestion(bytes)).toEqual(questionOf(AuthorizeRequest.decode(bytes)));
      }),
      { numRuns: 500 },
    );
  });

  it('never reads anything else than the generated decoder out of arbitrary bytes', () => {
    let accepted = 0;
    fc.assert(
      fc.property(almostAMessage, (bytes) => {
        const mine = attempt(() => readQuestion(bytes));
        if (mine === undefined) return;
        accepted += 1;
        expect(mine).toEqual(questionOf(AuthorizeRequest.decode(bytes)));
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  it('refuses every truncation that cuts a field', () => {
    const whole = AuthorizeRequest.encode({
      who: { $case: 'subject', value: { tenantId: 'acme', principalId: 'p1' } },
      action: 'orders:read',
      resource: 'a/b',
      consistency: { requirement: { $case: 'atLeastAsFresh', value: 'x' } },
    }).finish();
    const lengths = Array.from(whole, (_byte, length) => length);
    const accepted = lengths.filter(
      (length) => attempt(() => readQuestion(Buffer.from(whole.subarray(0, length)))) !== undefined,
    );
    expect(accepted, 'only whole fields').toEqual([0, 12, 25, 30]);
  });

  it.each([
    ['field number 0', [0x02, 0x01, 0x61]],
    ['a length beyond the message', [0x1a, 0x7f, 0x61]],
    ['a length beyond 32 bits', [0x1a, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ['an inner length beyond the outer message', [0x12, 0x03, 0x0a, 0x05, 0x61, 0x62, 0x63]],
    ['a varint that does not end', [0x78, ...Array<number>(11).fill(0x80)]],
    ['the end of a group that did not begin', [0x7c]],
    ['a group that does not end', [0x7b]],
    ['the end of another group', [0x7b, 0x84, 0x01]],
    ['wire type 6', [0x7e]],
    ['text that is not UTF-8', [0x1a, 0x02, 0xc3, 0x28]],
    ['an encoded surrogate', [0x1a, 0x03, 0xed, 0xa0, 0x80]],
    ['groups within groups without end', Array<number>(200).fill(0x7b)],
  ])('refuses %s', (_what, bytes) => {
    expect(() => readQuestion(Buffer.from(bytes))).toThrow(MalformedMessage);
  });
});

describe('reading the other requests by hand', () => {
  it('reads BatchAuthorizeRequest as the generated decoder does', () => {
    fc.assert(
      fc.property(arbitraryBatch, unknownField, (message, unknown) => {
        const bytes = joined(BatchAuthorizeRequest.encode(message).finish(), unknown);
        const oracle = BatchAuthorizeRequest.decode(bytes);
        expect(readBatch(bytes, 256)).toEqual({
          questions: oracle.requests.map(questionOf),
          consistency: consistencyOf(oracle.consistency),
          count: oracle.requests.length,
        });
      }),
    );
  });

  it('counts the questions of a batch beyond the limit without keeping them', () => {
    const one = { who: undefined, action: 'a', resource: '', consistency: undefined };
    const message = { requests: Array.from({ length: 9 }, () => one), consistency: undefined };
    const bytes = Buffer.from(BatchAuthorizeRequest.encode(message).finish());
    const read = readBatch(bytes, 4);
    expect(read.count).toBe(9);
    expect(read.questions).toHaveLength(4);
  });

  it('reads AuthenticateRequest as the generated decoder does', () => {
    fc.assert(
      fc.property(arbitraryAuthentication, unknownField, (message, unknown) => {
        const bytes = joined(unknown, AuthenticateRequest.encode(message).finish());
        const oracle = AuthenticateRequest.decode(bytes);
        expect(readAuthentication(bytes)).toEqual({
          credential: whoOf(oracle.credential),
          consistency: consistencyOf(oracle.consistency),
        });
      }),
    );
  });
});

/** A message with some bytes changed, cut or added. */
const almostAMessage: fc.Arbitrary<Buffer> = fc
  .tuple(
    arbitraryQuestion,
    fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 2 }),
    fc.nat(3),
  )
  .map(([message, changes, cut]) => {
    const bytes = Buffer.from(AuthorizeRequest.encode(message).finish());
    for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
    return bytes.subarray(0, bytes.length - cut);
  });

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedMessage) return undefined;
    throw error;
  }
}
