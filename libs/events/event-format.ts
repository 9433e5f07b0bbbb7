import type { DomainEvent, EventType } from './catalogue.js';
import type { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { checkFields } from './field-rules.js';
import type { FieldRules } from './field-rules.js';
import { PayloadReader } from './payload-reader.js';
import { encoded } from './payload-writer.js';
import { withNumbers } from './wire-numbers.js';

/** How one version of an event is stored. */
export interface EventFormat {
  readonly wireType: string;
  /** Written into each envelope: may a reader that does not know the type go on without it? */
  readonly critical: boolean;
  encode(event: DomainEvent): Uint8Array;
  /** Throws when the bytes are not this message or a field breaks its rule. */
  decode(data: Uint8Array): DomainEvent;
}

interface Message<W> {
  encode(message: W, writer?: BinaryWriter): { finish(): Uint8Array };
  decode(data: BinaryReader): W;
  fromJSON(object: unknown): W;
}

type EventOf<T extends EventType> = Extract<DomainEvent, { type: T }>;
/** The message of an event has exactly the event's fields; a mismatch is a type error. */
type SameFields<T extends EventType, W> = [keyof W] extends [Exclude<keyof EventOf<T>, 'type'>]
  ? [Exclude<keyof EventOf<T>, 'type'>] extends [keyof W]
    ? W
    : never
  : never;

/** The format of one event, whose message has the same fields. */
export function format<T extends EventType, W extends object>(
  type: T,
  aggregate: string,
  message: Message<W> & Message<SameFields<T, W>>,
  rules: FieldRules = {},
  critical = true,
): EventFormat {
  return {
    wireType: `ledgate.${aggregate}.${type}.v1`,
    critical,
    encode: (event) => encoded(message, message.fromJSON(event)),
    decode: (data) => {
      const fields = withNumbers(message.decode(new PayloadReader(data)));
      checkFields(type, fields, rules);
      return { type, ...fields } as unknown as DomainEvent;
    },
  };
}

/** A reader that does not know the event may go on without it. */
export const optionalForOldReaders = false;

export const vaultRef: FieldRules = { id: 'text', sha256: 'text' };
export const principal: FieldRules = { principal: 'text' };
export const credential: FieldRules = { ...principal, credential: 'text' };
