import type { Import } from './imports-of.js';

/**
 * Who may import whom (docs/ARCHITECTURE.md). The first layer whose folder contains the file is
 * its layer; a layer may always import itself.
 */
export const layers: readonly (readonly [folder: string, mayImport: readonly string[]])[] = [
  ['libs/errors/', []],
  ['libs/runtime/', ['libs/errors/']],
  ['libs/events/', ['libs/errors/']],
  ['libs/ledger/', ['libs/errors/', 'libs/events/', 'libs/runtime/']],
  ['libs/decider/', ['libs/errors/', 'libs/events/', 'libs/ledger/', 'libs/runtime/']],
  ['libs/access/', ['libs/errors/', 'libs/events/']],
  ['libs/audit/', ['libs/errors/', 'libs/events/', 'libs/runtime/', 'libs/ledger/']],
  [
    'libs/history/',
    ['libs/errors/', 'libs/events/', 'libs/ledger/', 'libs/access/', 'libs/runtime/'],
  ],
  ['libs/tokens/', ['libs/errors/', 'libs/events/', 'libs/runtime/']],
  ['libs/grpc/', ['libs/errors/', 'libs/runtime/']],
  ['libs/client/', ['libs/errors/', 'libs/events/', 'libs/access/', 'libs/runtime/', 'libs/grpc/']],
  ['libs/subscriber/', ['libs/errors/', 'libs/events/', 'libs/runtime/', 'libs/client/']],
  ['services/identity/domain/', ['libs/errors/', 'libs/events/', 'libs/access/', 'libs/decider/']],
  [
    'services/identity/http/oauth/',
    ['libs/', 'services/identity/app/', 'services/identity/domain/', 'services/identity/ports/'],
  ],
  ['services/identity/', ['libs/']],
  ['services/authorizer/', ['libs/']],
  ['services/ledgate/', ['libs/', 'services/']],
];

/** Generated types stop here: everything behind speaks in our own. */
export const protoReaders: readonly RegExp[] = [
  /^proto\/gen\//,
  /^libs\/grpc\//,
  /^libs\/client\//,
  /^libs\/history\/explained-messages\.ts$/,
  /^libs\/events\/(codec|control-codec|[a-z]+-formats|public-event-codec)\.ts$/,
  /^libs\/subscriber\/grpc\//,
  /^services\/[a-z]+\/grpc\//,
  /^services\/ledgate\//,
];

/** Every npm package that ships with us, and the only places that may import it. */
export const homes: Readonly<Record<string, readonly RegExp[]>> = {
  '@bufbuild/protobuf': [
    /^proto\/gen\//,
    /^libs\/events\/(event-format|payload-reader|payload-writer)\.ts$/,
    /^libs\/(grpc|client)\//,
    /^services\/[a-z]+\/grpc\//,
    // Descriptors hold options that the generated code does not know.
    /^services\/ledgate\/rules\/read-descriptors\.ts$/,
  ],
  // The command line is a caller of its own: it speaks gRPC and knows the codes.
  '@grpc/grpc-js': [
    /^proto\/gen\//,
    /^libs\/(grpc|client|subscriber\/grpc)\//,
    /^services\/[a-z]+\/grpc\//,
    /^services\/ledgate\//,
  ],
  '@hono/node-server': [/^services\/identity\/http\//],
  '@peculiar/x509': [/^libs\/runtime\/dev-certs\.ts$/],
  '@simplewebauthn/server': [/^services\/identity\/adapters\//],
  argon2: [/^services\/identity\/adapters\/argon2[a-z0-9-]*\.ts$/],
  'cli-progress': [/^services\/ledgate\//],
  'cli-table3': [/^services\/ledgate\//],
  commander: [/^services\/ledgate\//],
  hono: [/^services\/identity\/http\//, /^libs\/client\/http\//],
  // Its one file is served to browsers as it is.
  'htmx.org': [/^services\/identity\/http\//],
  jose: [/^libs\/tokens\//],
  // The subscriber takes the caller's kafkajs: it imports types only.
  kafkajs: [/^libs\/ledger\/kafka\//, /^libs\/subscriber\/kafka\//],
  lmdb: [/^libs\/ledger\/embedded\//, /^services\/identity\/adapters\//],
  nodemailer: [/^services\/identity\/adapters\//],
  'oidc-provider': [/^services\/identity\/http\/oidc\//],
  otplib: [/^services\/identity\/adapters\//],
  pino: [/^libs\/runtime\//],
  'prom-client': [/^libs\/(runtime|grpc)\//],
  qrcode: [/^services\/identity\/adapters\//],
  'reflect-metadata': [/^libs\/runtime\/dev-certs\.ts$/],
  yaml: [/^services\/ledgate\//],
  zod: [
    /^libs\/runtime\//,
    /^libs\/ledger\/ledger-place\.ts$/,
    /^services\/[a-z]+\/config/,
    /^services\/ledgate\/cli\/target\.ts$/,
  ],
};

/** Composition roots import everything and are imported by nobody but the command line. */
const compositionRoot = /^services\/(identity|authorizer|ledgate)\/main\.ts$/;

export function layerViolations(imports: readonly Import[]): string[] {
  return imports.flatMap((one) => {
    const why = whyForbidden(one);
    return why === undefined ? [] : [`${one.from} imports ${one.specifier}: ${why}`];
  });
}

function whyForbidden({ from, file }: Import): string | undefined {
  if (file === undefined || from.startsWith('proto/gen/')) return undefined;
  if (file.startsWith('proto/gen/')) {
    const allowed = protoReaders.some((reader) => reader.test(from));
    return allowed ? undefined : 'generated types stop at grpc/ and the codecs';
  }
  if (compositionRoot.test(file) && !from.startsWith('services/ledgate/')) {
    return 'nobody imports a composition root';
  }
  const layer = layers.find(([folder]) => from.startsWith(folder));
  if (layer === undefined) return 'the file is in no layer';
  const [own, mayImport] = layer;
  const allowed = [own, ...mayImport].some((folder) => file.startsWith(folder));
  return allowed ? undefined : `${own} may import ${mayImport.join(', ') || 'nothing of ours'}`;
}

export function homeViolations(imports: readonly Import[]): string[] {
  return imports.flatMap(({ from, npm }) => {
    if (npm === undefined) return [];
    if (homes[npm]?.some((home) => home.test(from)) === true) return [];
    return [`${from} imports ${npm}, whose home is ${homes[npm]?.join(' ') ?? 'nowhere'}`];
  });
}
