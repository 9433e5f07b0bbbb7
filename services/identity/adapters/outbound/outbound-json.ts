import { Failure } from '#libs/errors/failure.js';
import { OutboundRefused, outboundRequest, type OutboundRequest } from './outbound-request.js';

export interface JsonAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks a provider for a JSON object, as `outboundRequest` does. Rejects NOT_READY. */
export async function outboundJson(ask: OutboundRequest): Promise<JsonAnswer> {
  try {
    const { status, body } = await outboundRequest(ask);
    const parsed = parseJson(body.toString('utf8'));
    if (parsed === undefined) throw unreachable('its answer is no JSON object');
    return { status, body: parsed };
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const why = cause instanceof OutboundRefused ? cause.message : 'it did not answer';
    throw unreachable(why, cause);
  }
}

export function unreachable(why: string, cause?: unknown): Failure {
  return new Failure('NOT_READY', `the provider cannot be used now: ${why}`, { cause });
}

function parseJson(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const object = typeof value === 'object' && value !== null && !Array.isArray(value);
    return object ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
