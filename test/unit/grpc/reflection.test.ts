import { fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { answersFor } from '#libs/grpc/reflection.js';
import type { ServerReflectionRequest } from '#proto/grpc/reflection/v1/reflection.js';

const answer = answersFor(['ledgate.identity.v1.TokenService']);
type Asked = NonNullable<ServerReflectionRequest['messageRequest']>;
const ask = (messageRequest: Asked) => answer({ host: '', messageRequest });

function filesOf(asked: Asked): string[] {
  const given = ask(asked);
  if (given.$case !== 'fileDescriptorResponse') return [given.$case];
  return given.value.fileDescriptorProto.map(
    (bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name,
  );
}

describe('reflection', () => {
  it('lists the services it was given, not all there are', () => {
    expect(ask({ $case: 'listServices', value: '' })).toEqual({
      $case: 'listServicesResponse',
      value: { service: [{ name: 'ledgate.identity.v1.TokenService' }] },
    });
  });

  const token = ['ledgate/identity/v1/token.proto', 'ledgate/identity/v1/command.proto'];
  it.each([
    'ledgate.identity.v1.TokenService',
    'ledgate.identity.v1.TokenService.Login',
    'ledgate.identity.v1.LoginRequest',
    'ledgate.identity.v1.LoginRequest.password',
    'ledgate.identity.v1.RevocationScope',
    'ledgate.identity.v1.REVOCATION_SCOPE_ALL',
  ])('answers %s with its file and what the file imports', (value) => {
    expect(filesOf({ $case: 'fileContainingSymbol', value })).toEqual(token);
  });

  it.each([
    ['a oneof', 'ledgate.authorizer.v1.Credential.credential', 'authorizer.proto'],
    ['an entry of a map', 'google.rpc.ErrorInfo.MetadataEntry', 'error_details.proto'],
  ])('knows %s', (_, value, file) => {
    expect(filesOf({ $case: 'fileContainingSymbol', value })[0]).toContain(file);
  });

  it('finds a file by its name', () => {
    expect(filesOf({ $case: 'fileByFilename', value: token[0]! })).toEqual(token);
  });

  it.each([
    { $case: 'fileContainingSymbol', value: 'no.such.Thing' },
    { $case: 'fileByFilename', value: '../../etc/passwd' },
    { $case: 'allExtensionNumbersOfType', value: 'x' },
  ] as const)('answers $case $value with NOT_FOUND', (asked) => {
    expect(ask(asked)).toMatchObject({ $case: 'errorResponse', value: { errorCode: 5 } });
  });

  it('answers an empty request with NOT_FOUND', () => {
    expect(answer({ host: '', messageRequest: undefined }).$case).toBe('errorResponse');
  });
});
