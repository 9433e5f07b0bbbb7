import { systemTenant } from '#libs/events/envelope.js';
import type { EarlyDeny as Deny, EarlyDenyKind } from '#libs/access/sessions/early-denies.js';
import { callerCredential } from '#libs/grpc/caller-credential.js';
import { serverStream, type StreamWiring } from '#libs/grpc/server-stream.js';
import { sleep } from '#libs/runtime/clock.js';
import {
  EarlyDeny_Kind as Kind,
  type EarlyDeny,
  type RevocationFeedServiceServer,
  type WatchRevocationsRequest,
  type WatchRevocationsResponse,
} from '#proto/ledgate/identity/v1/revocation_feed.js';
import { AdmittedCall, type Admission } from '#services/identity/grpc/admission.js';

/** A stream that says nothing is alive still. */
const aliveMs = 5_000;

const kinds: Readonly<Record<EarlyDenyKind, Kind>> = {
  TOKEN: Kind.KIND_TOKEN,
  FAMILY: Kind.KIND_REFRESH_FAMILY,
  SESSION: Kind.KIND_SESSION,
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
        const waiting: Deny[] = [...(revocations?.denies ?? [])];
        let wake = new AbortController();
        const stop = revocations?.watch((denies) => {
          waiting.push(...denies);
          wake.abort();
        });
        try {
          while (!signal.aborted) {
            yield { denies: waiting.splice(0).map(message) };
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

function message({ tenant, kind, id, untilMs }: Deny): EarlyDeny {
  return { tenantId: tenant, kind: kinds[kind], id, untilMs: BigInt(Math.trunc(untilMs)) };
}
