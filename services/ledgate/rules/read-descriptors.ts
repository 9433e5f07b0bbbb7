import { fromBinary, type Message } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import { FileDescriptorSetSchema, type MethodDescriptorProto } from '@bufbuild/protobuf/wkt';
import { Failure } from '#libs/errors/failure.js';
import type {
  EndpointCredentialKind,
  EndpointRule,
} from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { Authorize } from '#proto/ledgate/v1/authorize.js';
import type { ReadRules } from './read-source.js';
import { draft, grpcPlace } from './rule-draft.js';

/** Number of the option `ledgate.v1.authorize`. */
const authorizeField = 57480;

type Unknown = NonNullable<Message['$unknown']>[number];

/** Rules of every method of a FileDescriptorSet (`buf build -o api.binpb`) that has the option. */
export function readDescriptors(bytes: Uint8Array, path: string): ReadRules {
  const rules: EndpointRule[] = [];
  const closed: string[] = [];
  for (const file of filesOf(bytes, path)) {
    for (const service of file.service) {
      const name = file.package === '' ? service.name : `${file.package}.${service.name}`;
      for (const method of service.method) {
        const place = grpcPlace(`/${name}/${method.name}`);
        const option = optionOf(method, place.method);
        if (option === undefined) closed.push(place.method);
        else rules.push({ ...draft(place), ...fieldsOf(option) });
      }
    }
  }
  if (rules.length + closed.length === 0) {
    throw new Failure('INVALID_ARGUMENT', `${path} describes no service`);
  }
  return { rules, closed, notes: [] };
}

function filesOf(bytes: Uint8Array, path: string) {
  try {
    return fromBinary(FileDescriptorSetSchema, bytes).file;
  } catch (error) {
    throw new Failure('INVALID_ARGUMENT', `${path} is no FileDescriptorSet (buf build -o …)`, {
      cause: error,
    });
  }
}

/** The fields of a message may come in pieces, which add up (as protobuf merges them). */
function optionOf({ options }: MethodDescriptorProto, name: string): Authorize | undefined {
  const pieces = (options?.$unknown ?? []).filter(({ no }) => no === authorizeField);
  if (pieces.length === 0) return undefined;
  try {
    return Authorize.decode(Buffer.concat(pieces.map(contentOf)));
  } catch (error) {
    throw new Failure(
      'INVALID_ARGUMENT',
      `${name}: the option ledgate.v1.authorize is unreadable`,
      {
        cause: error,
      },
    );
  }
}

/** Without the length that stands before it. */
function contentOf({ wireType, data }: Unknown): Uint8Array {
  if (wireType !== WireType.LengthDelimited) throw new TypeError('not a message');
  return data.subarray(data.findIndex((byte) => byte < 0x80) + 1);
}

/** The kinds have the same numbers in both enumerations. */
function fieldsOf(option: Authorize): Partial<EndpointRule> {
  return {
    public: option.public,
    permission: option.permission,
    resourceTemplate: option.resource,
    allScopes: option.scopes,
    anyScopes: option.anyScopes,
    minAcr: option.minAcr,
    maxAuthAgeMs: BigInt(option.maxAuthAgeSeconds) * 1000n,
    credentialKinds: option.credentials as readonly number[] as EndpointCredentialKind[],
    maxStalenessMs: BigInt(option.maxStalenessSeconds) * 1000n,
  };
}
