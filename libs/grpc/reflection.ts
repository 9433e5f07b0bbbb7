import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { status, type Server, type ServerDuplexStream } from '@grpc/grpc-js';
import { fileDescriptorSet } from '#proto/descriptors.js';
import {
  ServerReflectionService,
  type ServerReflectionRequest,
  type ServerReflectionResponse,
} from '#proto/grpc/reflection/v1/reflection.js';
import { symbolsOf } from './descriptor-symbols.js';

type Answer = NonNullable<ServerReflectionResponse['messageResponse']>;
type Stream = ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>;

interface DescribedFile {
  readonly bytes: Buffer;
  readonly dependencies: readonly string[];
}

/**
 * grpc.reflection.v1 and v1alpha for these services (full names). Development only: it tells the
 * whole surface to whoever asks.
 */
export function addReflection(server: Server, services: readonly string[]): void {
  const answer = answersFor(services);
  const serve = (stream: Stream): void => {
    stream.on('data', (request: ServerReflectionRequest) => {
      stream.write({
        validHost: request.host,
        originalRequest: request,
        messageResponse: answer(request),
      });
    });
    stream.on('end', () => stream.end());
  };
  server.addService(ServerReflectionService, { serverReflectionInfo: serve });
  const method = ServerReflectionService.serverReflectionInfo;
  const path = method.path.replace('.v1.', '.v1alpha.');
  // The messages of v1alpha are the same, field by field.
  server.addService({ serverReflectionInfo: { ...method, path } }, { serverReflectionInfo: serve });
}

/** Answers one request from the compiled-in descriptors. */
export function answersFor(
  services: readonly string[],
): (request: ServerReflectionRequest) => Answer {
  const { files, fileOfSymbol } = readDescriptors();
  const describe = (name: string | undefined): Answer => {
    const file = name === undefined ? undefined : files.get(name);
    if (name === undefined || file === undefined) return notFound;
    const fileDescriptorProto = withDependencies(name, files).map(({ bytes }) => bytes);
    return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
  };
  return ({ messageRequest }) => {
    switch (messageRequest?.$case) {
      case 'listServices':
        return {
          $case: 'listServicesResponse',
          value: { service: services.map((name) => ({ name })) },
        };
      case 'fileByFilename':
        return describe(messageRequest.value);
      case 'fileContainingSymbol':
        return describe(fileOfSymbol.get(messageRequest.value));
      case 'allExtensionNumbersOfType':
      case 'fileContainingExtension':
      case undefined:
        return notFound;
    }
  };
}

const notFound: Answer = Object.freeze({
  $case: 'errorResponse',
  value: Object.freeze({ errorCode: status.NOT_FOUND, errorMessage: 'not described here' }),
});

function readDescriptors(): {
  files: Map<string, DescribedFile>;
  fileOfSymbol: Map<string, string>;
} {
  const set = fromBinary(FileDescriptorSetSchema, Buffer.from(fileDescriptorSet, 'base64'));
  const files = new Map<string, DescribedFile>();
  const fileOfSymbol = new Map<string, string>();
  for (const file of set.file) {
    const bytes = Buffer.from(toBinary(FileDescriptorProtoSchema, file));
    files.set(file.name, { bytes, dependencies: file.dependency });
    for (const symbol of symbolsOf(file)) fileOfSymbol.set(symbol, file.name);
  }
  return { files, fileOfSymbol };
}

/** The file, then everything it needs, each once. */
function withDependencies(
  name: string,
  files: ReadonlyMap<string, DescribedFile>,
): readonly DescribedFile[] {
  const found = new Map<string, DescribedFile>();
  const add = (wanted: string): void => {
    const file = files.get(wanted);
    if (file === undefined || found.has(wanted)) return;
    found.set(wanted, file);
    file.dependencies.forEach(add);
  };
  add(name);
  return [...found.values()];
}
