import { Failure } from '#libs/errors/failure.js';
import { systemTenant } from '#libs/events/envelope.js';
import { publicEventMessage } from '#libs/events/public-event-codec.js';
import { isPublicEventType } from '#libs/events/public-events.js';
import { callerCredential } from '#libs/grpc/caller-credential.js';
import { serverStream, type StreamWiring } from '#libs/grpc/server-stream.js';
import type { Clock } from '#libs/runtime/clock.js';
import type {
  EventServiceServer,
  SubscribeRequest,
  SubscribeResponse,
} from '#proto/ledgate/events/v1/event_service.js';
import type { OpenStreams } from '#services/identity/app/subscriptions/open-streams.js';
import type { PublicFeed } from '#services/identity/app/subscriptions/public-feed.js';
import {
  tenantStream,
  type StreamItem,
  type StreamStart,
} from '#services/identity/app/subscriptions/tenant-stream.js';
import { AdmittedCall, type Admission } from '#services/identity/grpc/admission.js';

export type Streams = Pick<OpenStreams, 'feed' | 'sessionFeed' | 'limits' | 'closing'>;

const mostTypes = 64;
/** A stream outlives the rights of its caller by less than a second. */
const lookMs = 500;

export function eventService(admission: Admission, streams: Streams): EventServiceServer {
  const { limits, closing } = streams;
  const wiring: StreamWiring = { ...admission.wiring, closing };
  const { parts } = admission;
  return {
    subscribe: serverStream<SubscribeRequest, SubscribeResponse>(
      wiring,
      async function* (request, context) {
        parts.ledger.requireServing();
        const bearer = callerCredential(context.metadata);
        const nowMs = Math.trunc(parts.clock.wallMs());
        const caller = await parts.gate.admit(bearer, nowMs, context.remainingMs());
        const call = new AdmittedCall(admission, request, context, caller);
        const { tenant, target } = reachOf(request, call);
        const start = startOf(request, call);
        const types = typesOf(request, call);
        const feed = feedOf(request, streams, call);
        call.permitRead({ tenant: target });
        const permit = (): void => call.permitRead({ tenant: target });
        const permits = (one: string): boolean => mayRead(call, one);
        const leave = limits.enter(`${caller.tenant}/${caller.principal}`);
        const stopLooking = whenever(parts.clock, permit, (error) => context.end(error));
        try {
          const { signal } = context;
          const question = { tenant, types, start, permit, permits, signal };
          for await (const item of tenantStream(feed, parts.clock, question)) {
            yield responseOf(feed.ledger, item);
          }
        } finally {
          stopLooking();
          leave();
        }
      },
    ),
  };
}

/** `''` and `L`: the state ledger; `S`: sessions; or the full name of either. */
function feedOf({ ledger }: SubscribeRequest, streams: Streams, call: AdmittedCall): PublicFeed {
  const { feed, sessionFeed } = streams;
  if (ledger === 'S' || ledger === sessionFeed.ledger) {
    call.parts.sessions.requireServing();
    return sessionFeed;
  }
  if (ledger !== '' && ledger !== 'L' && ledger !== feed.ledger) {
    call.fields.add('ledger', `is neither ${feed.ledger} nor ${sessionFeed.ledger}`);
  }
  return feed;
}

/** Looks again and again whether the caller still may, also while it takes nothing. */
function whenever(clock: Clock, permit: () => void, refused: (error: unknown) => void): () => void {
  let cancel = (): void => {};
  const look = (): void => {
    try {
      permit();
      cancel = clock.after(lookMs, look);
    } catch (error) {
      refused(error);
    }
  };
  cancel = clock.after(lookMs, look);
  return () => cancel();
}

/** One tenant, or all of them: which only the system tenant may see. */
function reachOf(
  request: SubscribeRequest,
  call: AdmittedCall,
): { readonly tenant: string | undefined; readonly target: string } {
  if (request.allTenants) {
    if (request.tenantId !== '') call.fields.add('all_tenants', 'give it or tenant_id, not both');
    call.tenantOf(systemTenant, 'all_tenants');
    return { tenant: undefined, target: systemTenant };
  }
  const tenant = call.tenantOf(request.tenantId);
  return { tenant, target: tenant };
}

/** Whether the caller may subscribe in one of many tenants; anything but a denial is thrown. */
function mayRead(call: AdmittedCall, tenant: string): boolean {
  try {
    call.permitRead({ tenant });
    return true;
  } catch (error) {
    if (error instanceof Failure && error.reason === 'PERMISSION_DENIED') return false;
    throw error;
  }
}

function typesOf(request: SubscribeRequest, call: AdmittedCall): ReadonlySet<string> {
  const { types } = request;
  if (types.length > mostTypes) call.fields.add('types', `more than ${mostTypes}`);
  for (const [at, type] of types.slice(0, mostTypes).entries()) {
    if (!isPublicEventType(type)) call.fields.add(`types[${at}]`, 'is not a public event');
  }
  return new Set(types);
}

function startOf({ start, epoch }: SubscribeRequest, call: AdmittedCall): StreamStart {
  switch (start?.$case) {
    case undefined:
      return { kind: 'now' };
    case 'beginning':
      return start.value ? { kind: 'beginning' } : { kind: 'now' };
    case 'timeMs':
      return { kind: 'time', atMs: whole('time_ms', start.value, call) };
    case 'afterPosition':
      return { kind: 'position', position: whole('after_position', start.value, call), epoch };
    case 'afterEvent': {
      const position = whole('after_event.position', start.value.position, call);
      return { kind: 'event', position, index: start.value.index, epoch };
    }
  }
}

function whole(field: string, value: bigint, call: AdmittedCall): number {
  const number = Number(value);
  if (value < 0n || !Number.isSafeInteger(number)) call.fields.add(field, 'is out of range');
  return number;
}

function responseOf(ledger: string, item: StreamItem): SubscribeResponse {
  if ('event' in item) {
    return { item: { $case: 'event', value: publicEventMessage(item.event) } };
  }
  const { through, epoch, atEnd } = item;
  const value = { ledger, position: BigInt(through), atEnd, epoch };
  return { item: { $case: 'progress', value } };
}
