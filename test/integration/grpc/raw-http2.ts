import { connect, type Socket } from 'node:net';

// HTTP/2 frames by hand (RFC 9113): what no well-behaved client would send.

export const frameType = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, continuation: 9 };
export const endStream = 0x1;
export const endHeaders = 0x4;

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** HPACK literals without indexing and without Huffman (RFC 7541 section 6.2.2). */
export function headerBlock(fields: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(fields).flatMap(([name, value]) => [
    Buffer.from([0]),
    literal(name),
    literal(value),
  ]);
  return Buffer.concat(parts);
}

export function grpcHeaders(path: string): Buffer {
  return headerBlock({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'localhost',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
}

export interface RawConnection {
  readonly socket: Socket;
  readonly received: () => Buffer;
  /** Resolves when the server has closed the connection. */
  readonly closed: Promise<void>;
}

/** A connection whose preface and settings are sent. */
export async function openRaw(port: number, preface = true): Promise<RawConnection> {
  const socket = connect(port, 'localhost');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  await new Promise<void>((resolve) => socket.on('connect', resolve));
  if (preface) {
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    socket.write(frame(frameType.settings, 0, 0, Buffer.alloc(0)));
  }
  return { socket, received: () => Buffer.concat(chunks), closed };
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>>= 7) length.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
}
