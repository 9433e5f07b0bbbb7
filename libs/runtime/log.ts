import type { Logger as PinoLogger, DestinationStream } from 'pino';

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

/** One JSON object per line. Fields that hold credentials are removed wherever they stand. */
export function createLogger(_options: LogOptions): Logger {
  throw new Error('being written');
}
