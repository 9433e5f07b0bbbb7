import { BinaryWriter } from '@bufbuild/protobuf/wire';

interface Encoder<W> {
  encode(message: W, writer?: BinaryWriter): { finish(): Uint8Array };
}

/** A longer message leaves its writer to the collector. */
const mostKeptBytes = 65_536;

let spare: BinaryWriter | undefined;

/** The bytes of a message. All messages go through one writer: its room need not be made anew. */
export function encoded<W>(encoder: Encoder<W>, message: W): Uint8Array {
  const writer = spare ?? new BinaryWriter();
  // Whatever is thrown, or encodes within this, finds none.
  spare = undefined;
  const bytes = encoder.encode(message, writer).finish();
  if (bytes.length <= mostKeptBytes) spare = writer;
  return bytes;
}
