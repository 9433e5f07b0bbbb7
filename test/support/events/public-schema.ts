import { createFileRegistry, fromBinary, ScalarType, type DescField } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { cloudEventType } from '#libs/events/cloud-event.js';
import {
  publicEventTypes,
  publicTopicName,
  publicTopics,
  topicsOf,
  type PublicEventType,
} from '#libs/events/public-events.js';
import { fileDescriptorSet } from '#proto/descriptors.js';

const registry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, Buffer.from(fileDescriptorSet, 'base64')),
);
const packageName = 'ledgate.events.v1';

/** Fields of a message of the public package, as its .proto has them. */
export function fieldsOf(message: string): readonly DescField[] {
  const found = registry.getMessage(`${packageName}.${message}`);
  if (found === undefined) throw new Error(`there is no message ${message}`);
  return found.fields;
}

/** The JSON mapping of protobuf: 64-bit numbers are strings. */
function schemaOf(field: DescField): object {
  if (field.fieldKind === 'list') return { type: 'array', items: { type: 'string' } };
  if (field.fieldKind !== 'scalar') throw new Error(`${field.name} has no place in the schema`);
  const { scalar } = field;
  if (scalar === ScalarType.BOOL) return { type: 'boolean' };
  if (scalar === ScalarType.UINT32) return { type: 'integer', minimum: 0 };
  const isLong = scalar === ScalarType.INT64 || scalar === ScalarType.UINT64;
  return isLong ? { type: 'string', pattern: '^-?[0-9]+$' } : { type: 'string' };
}

function propertiesOf(message: string): Record<string, object> {
  const plain = fieldsOf(message).filter(({ oneof }) => oneof === undefined);
  return Object.fromEntries(plain.map((field) => [field.jsonName, schemaOf(field)]));
}

const reference = (path: string): object => ({ $ref: `#/${path}` });
const lowerFirst = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);
const headerNames = [
  'ce_specversion',
  'ce_id',
  'ce_source',
  'ce_type',
  'ce_time',
  'ce_subject',
  'ce_partitionkey',
  'ce_tenant',
  'ce_ledger',
  'ce_position',
  'ce_index',
  'ce_epoch',
  'ce_publishedthrough',
  'content-type',
] as const;

function messageOf(type: PublicEventType): object {
  return {
    name: cloudEventType(type),
    contentType: 'application/json',
    headers: {
      allOf: [
        reference('components/schemas/Headers'),
        { properties: { ce_type: { const: cloudEventType(type) } } },
      ],
    },
    payload: {
      allOf: [
        reference('components/schemas/PublicEvent'),
        {
          type: 'object',
          properties: {
            type: { const: type },
            [lowerFirst(type)]: { type: 'object', properties: propertiesOf(type) },
          },
          required: ['type', lowerFirst(type)],
        },
      ],
    },
  };
}

/** The AsyncAPI 3.0 document of the public topics. */
export function asyncApi(): object {
  const types = publicEventTypes();
  const optional = ['ce_publishedbeside', 'traceparent'];
  const strings = [...headerNames, ...optional].map((name) => [name, { type: 'string' }]);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Ledgate public events',
      version: '1.0.0',
      description:
        'What docs/events.md explains, for tools. JSON values are described; values in protobuf are ' +
        'the same message, ledgate.events.v1.PublicEvent.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(publicTopics.map((topic) => [topic, channelOf(topic, types)])),
    operations: Object.fromEntries(
      publicTopics.map((topic) => [
        `receive-${topic}`,
        { action: 'send', channel: reference(`channels/${topic}`) },
      ]),
    ),
    components: {
      messages: Object.fromEntries(types.map((type) => [type, messageOf(type)])),
      schemas: {
        Headers: {
          type: 'object',
          properties: Object.fromEntries(strings),
          required: [...headerNames],
        },
        PublicEvent: {
          type: 'object',
          properties: propertiesOf('PublicEvent'),
          required: ['id', 'type', 'tenant', 'ledger'],
        },
      },
    },
  };
}

function channelOf(
  topic: (typeof publicTopics)[number],
  types: readonly PublicEventType[],
): object {
  const own = types.filter((type) => topicsOf(type).includes(topic));
  return {
    address: publicTopicName('auth', topic),
    messages: Object.fromEntries(
      own.map((type) => [type, reference(`components/messages/${type}`)]),
    ),
    bindings: { kafka: { key: { type: 'string' }, bindingVersion: '0.5.0' } },
  };
}

/** The rows of the table in docs/events.md. */
export function tableRows(): string[] {
  return publicEventTypes().map((type) => {
    const fields = fieldsOf(type).map(({ jsonName }) => `\`${jsonName}\``);
    const topics = topicsOf(type).join(', ');
    return `| \`${type}\` | ${topics} | ${fields.join(', ') || '–'} | \`${cloudEventType(type)}\` |`;
  });
}
