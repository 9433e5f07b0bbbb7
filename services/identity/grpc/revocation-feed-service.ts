import { systemTenant } from '#libs/events/envelope.js';
import type { AccessDenyKind } from '#libs/access/projection/access-denies.js';
import type { EarlyDenyKind } from '#libs/access/sessions/early-denies.js';
import { callerCredential } from '#libs/grpc/caller-credential.js';
import { serverStream, type StreamWiring } from '#libs/grpc/server-stream.js';
import { sleep } from '#libs/runtime/clock.js';
import {
  EarlyDeny_Kind as Kind,
  type EarlyDeny,
  type Lifted,
  type RevocationFeedServiceServer,
  type WatchRevocationsRequest,
  type WatchRevocationsResponse,
} from '#proto/ledgate/identity/v1/revocation_feed.js';
import type { HeldNews } from '#services/identity/app/held-revocations.js';
import { AdmittedCall, type Admission } from '#services/identity/grpc/admission.js';

/** A stream that says nothing is alive still. */
const aliveMs = 5_000;

const kinds: Readonly<Record<EarlyDenyKind | AccessDenyKind, Kind>> = {
  TOKEN: Kind.KIND_TOKEN,
  FAMILY: Kind.KIND_REFRESH_FAMILY,
  SESSION: Kind.KIND_SESSION,
  TENANT: Kind.KIND_TENANT,
  PRINCIPAL: Kind.KIND_PRINCIPAL,
  CREDENTIAL: Kind.KIND_CREDENTIAL,
  CLIENT: Kind.KIND_CLIENT,
};

/** `ledgate.identity.v1.RevocationFeedService`: what the ledger could not take yet, for authorizers. */
export function revocationFeedService(
  admission: Admission,
  closing: AbortSignal,
): RevocationFeedServiceServer {
  const wiring: StreamWiring = { ...admission.wiring, closing };
  const { parts } = admission;
  return {
    watchRevocations: serverStream<WatchRevocationsRequest, WatchRevocationsResponse>(
      wiring,
      async function* (request, context) {
        const bearer = callerCredential(context.metadata);
        const nowMs = Math.trunc(parts.clock.wallMs());
        const caller = await parts.gate.admit(bearer, nowMs, context.remainingMs());
        const call = new AdmittedCall(admission, request, context, caller);
        call.permitRead({ tenant: systemTenant });
        const { signal } = context;
        const { revocations } = parts;
        const waiting: HeldNews[] = revocations === undefined ? [] : [revocations.all];
        let wake = new AbortController();
        const stop = revocations?.watch((news) => {
          waiting.push(news);
          wake.abort();
        });
        let whole = true;
        try {
          while (!signal.aborted) {
            const position = BigInt(parts.ledger.reader.position);
            yield { ...told(waiting.splice(0)), whole, position };
            whole = false;
            if (waiting.length > 0) continue;
            wake = new AbortController();
            await sleep(parts.clock, aliveMs, AbortSignal.any([signal, closing, wake.signal]));
            // Whoever lost the right since then is told nothing more.
            call.permitRead({ tenant: systemTenant });
          }
        } finally {
          stop?.();
        }
      },
    ),
  };
}

/** Denies come before what lifts them. */
function told(news: readonly HeldNews[]): { denies: EarlyDeny[]; lifted: Lifted[] } {
  return {
    denies: news.flatMap(({ denies, access }) => [...denies, ...access].map(message)),
    lifted: news.flatMap(({ lifted }) =>
      lifted.map(({ hold, position }) => ({ holdId: hold, position: BigInt(position) })),
    ),
  };
}

interface Told {
  readonly tenant: string;
  readonly kind: EarlyDenyKind | AccessDenyKind;
  readonly id: string;
  readonly untilMs: number;
  readonly hold?: string;
}

function message({ tenant, kind, id, untilMs, hold = '' }: Told): EarlyDeny {
  const until = BigInt(Math.trunc(untilMs));
  return { tenantId: tenant, kind: kinds[kind], id, untilMs: until, holdId: hold };
}
