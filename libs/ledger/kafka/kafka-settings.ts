import type { ConnectionOptions } from 'node:tls';
import type { SASLOptions } from 'kafkajs';
import type { Clock } from '#libs/runtime/clock.js';
import { systemClock } from '#libs/runtime/clock.js';

/** Something that the adapter mends by itself but an operator wants to see in logs and metrics. */
export interface KafkaTrouble {
  /** Which part met it: the connection of the appends, that of a tail, or a broker's metadata. */
  readonly part: 'append' | 'tail' | 'metadata';
  readonly topic: string;
  readonly message: string;
  readonly cause: unknown;
}

export interface KafkaSettings {
  /** `host:port` of the brokers; a majority of them must name the leader (freshness). */
  readonly brokers: readonly string[];
  /** `true` for TLS with the system's authorities, or Node's TLS options (own CA, mutual TLS). */
  readonly ssl?: boolean | ConnectionOptions;
  readonly sasl?: SASLOptions;
  /** Default `ledgate`. */
  readonly clientId?: string;
  readonly clock?: Clock;
  /** Longest wait for an append, a read or an answer of any kind, ms. Default 2500, at most 3000. */
  readonly requestTimeoutMs?: number;
  /** A tail at the end yields an empty batch at least this often, ms (L5). Default 500. */
  readonly idleMs?: number;
  readonly onTrouble?: (trouble: KafkaTrouble) => void;
}

export type ResolvedKafkaSettings = Required<Omit<KafkaSettings, 'ssl' | 'sasl'>> &
  Pick<KafkaSettings, 'ssl' | 'sasl'>;

const LONGEST_REQUEST_MS = 3_000;

/** Fills in the defaults. A paused broker must be noticed within 3 s, so no timeout is longer. */
export function resolveSettings(settings: KafkaSettings): ResolvedKafkaSettings {
  return {
    ...settings,
    clientId: settings.clientId ?? 'ledgate',
    clock: settings.clock ?? systemClock,
    requestTimeoutMs: Math.min(settings.requestTimeoutMs ?? 2_500, LONGEST_REQUEST_MS),
    idleMs: settings.idleMs ?? 500,
    onTrouble: settings.onTrouble ?? (() => {}),
  };
}

/** Splits `host:port`, IPv6 in brackets included. */
export function parseAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(address.slice(colon + 1)) };
}
