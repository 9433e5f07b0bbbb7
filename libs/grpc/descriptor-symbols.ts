import type {
  DescriptorProto,
  EnumDescriptorProto,
  FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';

/** Full names of everything that a file defines: services, methods, messages, fields, enums. */
export function symbolsOf(file: FileDescriptorProto): string[] {
  const prefix = file.package === '' ? '' : `${file.package}.`;
  return [
    ...file.service.flatMap(({ name, method }) => [
      prefix + name,
      ...method.map((m) => `${prefix}${name}.${m.name}`),
    ]),
    ...file.messageType.flatMap((message) => ofMessage(prefix, message)),
    ...file.enumType.flatMap((type) => ofEnum(prefix, type)),
  ];
}

function ofMessage(prefix: string, message: DescriptorProto): string[] {
  const name = prefix + message.name;
  return [
    name,
    ...message.field.map((field) => `${name}.${field.name}`),
    ...message.oneofDecl.map((oneof) => `${name}.${oneof.name}`),
    ...message.nestedType.flatMap((nested) => ofMessage(`${name}.`, nested)),
    ...message.enumType.flatMap((type) => ofEnum(`${name}.`, type)),
  ];
}

/** Values of an enum are siblings of the enum, not its children. */
function ofEnum(prefix: string, type: EnumDescriptorProto): string[] {
  return [prefix + type.name, ...type.value.map((value) => prefix + value.name)];
}
