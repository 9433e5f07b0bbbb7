import { Metadata } from '@grpc/grpc-js';
import { Failure, invalid } from '#libs/errors/failure.js';
import { readPublicEvent } from '#libs/events/public-event-codec.js';
import type { LedgerId } from '#libs/ledger/ledger-place.js';
import type { PublicEvent } from '#proto/ledgate/events/v1/public_event.js';
import {
  EventServiceClient,
  type SubscribeRequest,
  type SubscribeResponse,
} from '#proto/ledgate/events/v1/event_service.js';
import type { Cli } from '../cli/cli.js';
import { timeText, type Output } from '../cli/output.js';

export interface PublicTailOptions {
  /** `now`, `beginning`, a position, or a time. */
  readonly from: string;
  /** Empty: all. */
  readonly types: string[];
  readonly allTenants: boolean;
  readonly ledger: LedgerId;
  /** Stop at the present end. */
  readonly once: boolean;
  readonly signal: AbortSignal;
}

/** Shows public events as they come, a line each. */
export async function tailPublic(cli: Cli, options: PublicTailOptions): Promise<void> {
  const { from, types, allTenants, ledger, once, signal } = options;
  const request: SubscribeRequest = {
    tenantId: allTenants ? '' : cli.tenantId,
    allTenants,
    types,
    ledger: ledger === 'L' ? '' : ledger,
    epoch: 0,
    start: startFrom(from),
  };
  const call = cli.identity(EventServiceClient).subscribe(request, new Metadata());
  const stop = (): void => call.cancel();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const { item } of call as AsyncIterable<SubscribeResponse>) {
      if (item?.$case === 'event') show(item.value, cli.out);
      else if (once && item?.value.atEnd === true) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    call.on('error', () => undefined);
    call.cancel();
  }
}

function show(message: PublicEvent, out: Output): void {
  const read = readPublicEvent(message);
  if (!read.ok) throw new Failure('NEEDS_NEWER_BUILD', `${message.id}: ${read.problem}`);
  const { ledger, position, index, tenant, actor, atMs, traceparent, type, ...facts } = read.value;
  const at = timeText(atMs);
  const by = actor.principal === '' ? 'the system' : actor.principal;
  const { id } = message;
  const what = Object.entries(facts as Readonly<Record<string, unknown>>)
    .filter(([, value]) => value !== '' && value !== false)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
  const row = { id, ledger, position, index, type, tenant, actor: by, at, traceparent, ...facts };
  const place = `${position}:${index}`.padStart(9);
  out.line(row, `${place}  ${at}  ${type} in ${tenant} by ${by}  ${what}`);
}

/** What `--from` says: `now`, `beginning`, a position, or a time. */
function startFrom(text: string): SubscribeRequest['start'] {
  if (text === 'now') return undefined;
  if (text === 'beginning') return { $case: 'beginning', value: true };
  if (/^\d{1,15}$/.test(text)) {
    const first = BigInt(text);
    return first === 0n
      ? { $case: 'beginning', value: true }
      : { $case: 'afterPosition', value: first - 1n };
  }
  const atMs = Date.parse(text);
  if (!Number.isNaN(atMs)) return { $case: 'timeMs', value: BigInt(atMs) };
  throw invalid({
    field: 'from',
    description: 'now, beginning, a position, or a time in ISO 8601',
  });
}
