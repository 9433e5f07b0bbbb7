import fc from 'fast-check';
import { BinaryWriter } from '@bufbuild/protobuf/wire';
import type {
  AuthenticateRequest,
  AuthorizeRequest,
  BatchAuthorizeRequest,
  Consistency,
  Credential,
  Endpoint,
  Subject,
} from '#proto/ledgate/authorizer/v1/authorizer.js';

/** Text of any length and script, with what decoders stumble over: BOM, U+FFFD, NUL, long ones. */
const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'grapheme', maxLength: 50 }),
  fc.constantFrom(
    '',
    '\uFEFFa',
    '\uFFFD',
    '\u0000',
    'ä'.repeat(64),
    'x'.repeat(127),
    '€'.repeat(43),
  ),
  fc.string({ minLength: 120, maxLength: 300 }),
);

const proof = fc.record({ proof: text, httpMethod: text, httpUri: text });
const possession = fc.record({
  certificateSha256: text,
  dpop: fc.option(proof, { nil: undefined }),
  verifiedJkt: text,
});

const credential: fc.Arbitrary<Credential> = fc.record({
  possession: fc.option(possession, { nil: undefined }),
  credential: fc.oneof(
    fc.constant(undefined),
    fc.record({ $case: fc.constant('bearerToken' as const), value: text }),
    fc.record({ $case: fc.constant('sessionToken' as const), value: text }),
    fc.record({ $case: fc.constant('apiKey' as const), value: text }),
    fc.record({
      $case: fc.constant('basic' as const),
      value: fc.record({ tenant: text, username: text, password: text }),
    }),
  ),
});

const subject: fc.Arbitrary<Subject> = fc.record({ tenantId: text, principalId: text });

const consistency: fc.Arbitrary<Consistency | undefined> = fc.option(
  fc.record({
    requirement: fc.oneof(
      fc.constant(undefined),
      fc.record({ $case: fc.constant('minimizeLatency' as const), value: fc.boolean() }),
      fc.record({ $case: fc.constant('atLeastAsFresh' as const), value: text }),
      fc.record({ $case: fc.constant('fullyConsistent' as const), value: fc.boolean() }),
    ),
  }),
  { nil: undefined },
);

/** A map cannot hold this name in the generated code, which keeps it in a plain object. */
const parameterName = text.filter((name) => name !== '__proto__');

const endpoint: fc.Arbitrary<Endpoint> = fc.record({
  api: text,
  call: fc.oneof(
    fc.constant(undefined),
    fc.record({ $case: fc.constant('grpcMethod' as const), value: text }),
    fc.record({
      $case: fc.constant('http' as const),
      value: fc.record({ method: text, path: text }),
    }),
  ),
  parameters: fc.dictionary(parameterName, text, { maxKeys: 4 }),
  tenantId: text,
});

export const arbitraryQuestion: fc.Arbitrary<AuthorizeRequest> = fc.record({
  who: fc.oneof(
    fc.constant(undefined),
    fc.record({ $case: fc.constant('credential' as const), value: credential }),
    fc.record({ $case: fc.constant('subject' as const), value: subject }),
  ),
  action: text,
  resource: text,
  consistency,
  endpoint: fc.option(endpoint, { nil: undefined }),
});

export const arbitraryBatch: fc.Arbitrary<BatchAuthorizeRequest> = fc.record({
  requests: fc.array(arbitraryQuestion, { maxLength: 5 }),
  consistency,
});

export const arbitraryAuthentication: fc.Arbitrary<AuthenticateRequest> = fc.record({
  credential: fc.option(credential, { nil: undefined }),
  consistency,
});

/** One field that no message here has, of every wire type that may be passed over. */
export const unknownField: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.integer({ min: 16, max: 5000 }), fc.integer({ min: 0, max: 4 }), text)
  .map(([field, kind, value]) => {
    const writer = new BinaryWriter();
    if (kind === 0) writer.uint32(field << 3).uint64(0xffff_ffff_ffffn);
    if (kind === 1) writer.uint32((field << 3) | 1).fixed64(7n);
    if (kind === 2) writer.uint32((field << 3) | 2).string(value);
    if (kind === 3) writer.uint32((field << 3) | 5).fixed32(7);
    if (kind === 4) {
      writer
        .uint32((field << 3) | 3)
        .uint32(8)
        .uint32(3);
      writer.uint32((field << 3) | 4);
    }
    return writer.finish();
  });
