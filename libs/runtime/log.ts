import {
  pino,
  stdTimeFunctions,
  type Bindings,
  type ChildLoggerOptions,
  type DestinationStream,
  type Logger as PinoLogger,
} from 'pino';

/** Structured log: `log.info({position}, 'text')`. */
export type Logger = PinoLogger;

export interface LogOptions {
  /** `identity`, `authorizer`, …; on every line. */
  readonly service: string;
  /** Default `info`. */
  readonly level?: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
  /** Default: standard output. */
  readonly destination?: DestinationStream;
}

/** Fields that hold credentials, in any spelling; compared without case, `_` and `-`. */
const secretFields = new Set([
  'authorization',
  'cookie',
  'setcookie',
  'password',
  'oldpassword',
  'newpassword',
  'token',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'bearertoken',
  'apikey',
  'secret',
  'clientsecret',
  'privatekey',
  'masterkey',
  'mackey',
  'credential',
  'seed',
  'passwordhash',
]);

/** Same depth at which pino itself gives up on nested objects. */
const deepest = 5;

/**
 * One JSON object per line. Fields that hold credentials are replaced wherever they stand, and so
 * is any text that looks like an API key or a signed token (ASVS 16.2.5).
 */
export function createLogger(options: LogOptions): Logger {
  const settings = {
    level: options.level ?? 'info',
    base: { service: options.service },
    timestamp: stdTimeFunctions.isoTime,
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => redactFields(fields, 0),
    },
    hooks: {
      logMethod(this: Logger, args: LogArguments, method: (...args: LogArguments) => void): void {
        method.apply(this, redactArguments(args));
      },
    },
  };
  const { destination } = options;
  const log = destination === undefined ? pino(settings) : pino(settings, destination);
  // Fields of a child do not pass the formatter. Children inherit from their parent object.
  const parent = log as unknown as { child: ChildMethod };
  const makeChild = parent.child;
  parent.child = function child(this: Logger, bindings, childOptions) {
    return makeChild.call(this, redactFields(bindings, 0), childOptions);
  };
  return log;
}

type ChildMethod = (this: Logger, bindings: Bindings, options?: ChildLoggerOptions) => Logger;
type LogArguments = Parameters<PinoLogger['info']>;

/** A bare error becomes a field, so that its message is redacted like every other text. */
function redactArguments(args: LogArguments): LogArguments {
  const [first, ...rest]: readonly unknown[] = args;
  const head = first instanceof Error ? [{ err: first }, first.message] : [first];
  const all = [...(rest.length > 0 ? head.slice(0, 1) : head), ...rest];
  return all.map((arg) => (typeof arg === 'string' ? redactText(arg) : arg)) as LogArguments;
}

/** API keys and compact JWS; also inside longer text, such as a message of an error. */
const secretText = /lgk_[0-9A-Za-z]{8,}(?:_[0-9A-Za-z]*)?|eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?/g;

/** `text` without what looks like a credential. */
export function redactText(text: string): string {
  return text.includes('lgk_') || text.includes('eyJ')
    ? text.replace(secretText, '[redacted]')
    : text;
}

function redactFields(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const bare = name.toLowerCase().replaceAll(/[_-]/g, '');
    out[name] = secretFields.has(bare) ? '[redacted]' : redactValue(value, depth);
  }
  return out;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object') return value;
  if (depth >= deepest) return '[deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  // What it says of itself is no safer: the metadata of a call tells its authorization.
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return redactValue((value as { toJSON(): unknown }).toJSON(), depth + 1);
  }
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1));
  if (value instanceof Map || value instanceof Set) return `[${value.size} entries]`;
  return redactFields(value as Record<string, unknown>, depth + 1);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {
    type: error.name,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
  };
  if ('reason' in error) shown['reason'] = error.reason;
  if ('code' in error) shown['code'] = error.code;
  if (error.cause !== undefined) shown['cause'] = redactValue(error.cause, depth + 1);
  return shown;
}
