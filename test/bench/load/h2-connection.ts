import { connect, type Socket } from 'node:net';

/**
 * A cleartext HTTP/2 client connection (RFC 9113) that sends prepared gRPC calls and counts their
 * answers, and does nothing else: about 3 µs a call, so that a load generator on one core can
 * saturate a server on another. It does not decode header blocks; a call has succeeded when exactly
 * one complete gRPC message and the end of the stream arrived.
 */
export interface Answer {
  /** Index of the question, as passed to `send`. */
  question(index: number, sentAtMs: number, message: Buffer | undefined): void;
}

const frameHeader = 9;
const frameType = { data: 0, headers: 1, rst: 3, settings: 4, ping: 6, goaway: 7, window: 8 };
const endStream = 0x1;
const endHeaders = 0x4;
const ack = 0x1;
/** SETTINGS_MAX_FRAME_SIZE of a server that says nothing else. */
const largestFrame = 16_384;
/** Slots of calls in flight: a power of two above any concurrency that is asked for. */
const slots = 1024;

interface InFlight {
  question: number;
  sentAtMs: number;
  message: Buffer | undefined;
  bytes: number;
}

export class H2Connection {
  private readonly socket: Socket;
  private readonly firstBlock: Buffer;
  private readonly block: Buffer;
  private readonly messages: readonly Buffer[];
  private readonly answer: Answer;
  private readonly inFlight: InFlight[] = [];
  private readonly waiting: number[] = [];
  private rest: Buffer = Buffer.alloc(0);
  private nextStream = 1;
  private sendWindow = 65_535;
  private consumed = 0;
  private first = true;
  /** Why the connection is of no use any more. */
  broken: string | undefined;

  private constructor(
    socket: Socket,
    blocks: { readonly first: Buffer; readonly later: Buffer },
    messages: readonly Buffer[],
    answer: Answer,
  ) {
    this.socket = socket;
    this.firstBlock = blocks.first;
    this.block = blocks.later;
    this.messages = messages;
    this.answer = answer;
    for (let i = 0; i < slots; i++) {
      this.inFlight.push({ question: -1, sentAtMs: 0, message: undefined, bytes: 0 });
    }
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', (error) => (this.broken = error.message));
    socket.on('close', () => (this.broken ??= 'closed'));
  }

  /** `messages[i]` is the gRPC-framed request (with its 5-byte prefix) of question `i`. */
  static open(
    target: { host: string; port: number; path: string; headers: Record<string, string> },
    messages: readonly Buffer[],
    answer: Answer,
  ): Promise<H2Connection> {
    const blocks = headerBlocks(target);
    return new Promise((resolve, reject) => {
      const socket = connect(target.port, target.host);
      socket.setNoDelay(true);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.removeListener('error', reject);
        socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
        // No push, 16 MiB a stream, and (by WINDOW_UPDATE) 1 GiB for the connection.
        const settings = Buffer.from([0, 2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0]);
        socket.write(frame(frameType.settings, 0, 0, settings));
        socket.write(frame(frameType.window, 0, 0, uint32(1 << 30)));
        resolve(new H2Connection(socket, blocks, messages, answer));
      });
    });
  }

  /** Asks question `index`; waits by itself while the server's flow-control window is full. */
  send(index: number): void {
    const message = this.messages[index];
    if (message === undefined) throw new RangeError(`no question ${index}`);
    if (message.length > this.sendWindow) {
      this.waiting.push(index);
      return;
    }
    const block = this.first ? this.firstBlock : this.block;
    this.first = false;
    const stream = this.nextStream;
    this.nextStream += 2;
    this.sendWindow -= message.length;
    const slot = this.slot(stream);
    if (slot.question !== -1) throw new Error('too many calls in flight');
    slot.question = index;
    slot.sentAtMs = performance.now();
    slot.message = undefined;
    slot.bytes = 0;
    const frames = Math.ceil(message.length / largestFrame);
    const size = frameHeader + block.length + frames * frameHeader + message.length;
    const out = Buffer.allocUnsafe(size);
    writeHeader(out, 0, block.length, frameType.headers, endHeaders, stream);
    block.copy(out, frameHeader);
    let to = frameHeader + block.length;
    for (let at = 0; at < message.length; at += largestFrame) {
      const part = message.subarray(at, at + largestFrame);
      const last = at + part.length === message.length;
      writeHeader(out, to, part.length, frameType.data, last ? endStream : 0, stream);
      part.copy(out, to + frameHeader);
      to += frameHeader + part.length;
    }
    this.socket.write(out);
  }

  /** Bundles the frames that are sent until `uncork` into one packet. */
  cork(): void {
    this.socket.cork();
  }

  uncork(): void {
    this.socket.uncork();
  }

  close(): void {
    this.socket.destroy();
  }

  private slot(stream: number): InFlight {
    return this.inFlight[(stream >>> 1) & (slots - 1)] as InFlight;
  }

  private receive(chunk: Buffer): void {
    const data = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    let at = 0;
    this.socket.cork();
    while (data.length - at >= frameHeader) {
      const length = data.readUIntBE(at, 3);
      if (data.length - at < frameHeader + length) break;
      const body = at + frameHeader;
      this.onFrame(data, body, length, data[at + 3] ?? 0, data[at + 4] ?? 0);
      at = body + length;
    }
    this.rest = data.subarray(at);
    this.socket.uncork();
  }

  private onFrame(data: Buffer, body: number, length: number, type: number, flags: number): void {
    const stream = data.readUInt32BE(body - 4) & 0x7fffffff;
    if (type === frameType.data) {
      this.onData(stream, data.subarray(body, body + length));
      if ((flags & endStream) !== 0) this.finish(stream);
    } else if (type === frameType.headers) {
      if ((flags & endStream) !== 0) this.finish(stream);
    } else if (type === frameType.rst) {
      this.slot(stream).message = undefined;
      this.finish(stream);
    } else if (type === frameType.window && stream === 0) {
      this.sendWindow += data.readUInt32BE(body) & 0x7fffffff;
      for (const index of this.waiting.splice(0)) this.send(index);
    } else if (type === frameType.settings && (flags & ack) === 0) {
      this.socket.write(frame(frameType.settings, ack, 0, Buffer.alloc(0)));
    } else if (type === frameType.ping && (flags & ack) === 0) {
      this.socket.write(frame(frameType.ping, ack, 0, data.subarray(body, body + length)));
    } else if (type === frameType.goaway) {
      this.broken = `the server says GOAWAY ${data.readUInt32BE(body + 4)}`;
    }
  }

  private onData(stream: number, payload: Buffer): void {
    const slot = this.slot(stream);
    slot.message = slot.message === undefined ? payload : Buffer.concat([slot.message, payload]);
    this.consumed += payload.length;
    if (this.consumed < 1 << 28) return;
    this.socket.write(frame(frameType.window, 0, 0, uint32(this.consumed)));
    this.consumed = 0;
  }

  private finish(stream: number): void {
    const slot = this.slot(stream);
    const { question, sentAtMs, message } = slot;
    slot.question = -1;
    slot.message = undefined;
    const whole = message !== undefined && message.length >= 5;
    const complete = whole && message.readUInt32BE(1) === message.length - 5;
    this.answer.question(question, sentAtMs, complete ? message.subarray(5) : undefined);
  }
}

function writeHeader(
  out: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): void {
  out.writeUIntBE(length, at, 3);
  out[at + 3] = type;
  out[at + 4] = flags;
  out.writeUInt32BE(stream, at + 5);
}

function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const out = Buffer.alloc(frameHeader + payload.length);
  writeHeader(out, 0, payload.length, type, flags, stream);
  out.set(payload, frameHeader);
  return out;
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}

/**
 * HPACK (RFC 7541): the first block of a connection puts the constant fields into the dynamic table,
 * later ones only point at them, as a real client does. `authorization` is sent as a never-indexed
 * literal every time, as nghttp2 and Node do.
 */
function headerBlocks(target: {
  host: string;
  port: number;
  path: string;
  headers: Record<string, string>;
}): { first: Buffer; later: Buffer } {
  const methodAndScheme = Buffer.from([0x83, 0x86]);
  const indexed = [
    literal(0x44, target.path),
    literal(0x41, `${target.host}:${target.port}`),
    literal(0x5f, 'application/grpc'),
    Buffer.concat([Buffer.from([0x40, 2]), Buffer.from('te'), text('trailers')]),
    literal(0x7a, 'ledgate-bench'),
  ];
  const pointers = Buffer.from([0xc2, 0xc1, 0xc0, 0xbf, 0xbe]);
  const others = Object.entries(target.headers).map(([name, value]) =>
    name === 'authorization'
      ? Buffer.concat([Buffer.from([0x1f, 0x08]), text(value)])
      : Buffer.concat([Buffer.from([0x10]), text(name), text(value)]),
  );
  return {
    first: Buffer.concat([methodAndScheme, ...indexed, ...others]),
    later: Buffer.concat([methodAndScheme, pointers, ...others]),
  };
}

function literal(first: number, value: string): Buffer {
  return Buffer.concat([Buffer.from([first]), text(value)]);
}

/** A string literal without Huffman coding, its length as a 7-bit prefix integer. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1');
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const prefix = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) prefix.push((rest % 128) + 128);
  prefix.push(rest);
  return Buffer.concat([Buffer.from(prefix), bytes]);
}
