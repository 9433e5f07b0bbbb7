import type { Health } from '#libs/grpc/health.js';
import type { createRegistry } from '#libs/runtime/metrics.js';
import { startOperationsServer } from '#libs/runtime/operations-server.js';
import type { Shutdown } from '#libs/runtime/shutdown.js';
import { mayHoldSessions, type IdentityParts } from '#services/identity/app/identity-parts.js';
import type { AnyLedgerSession } from '#services/identity/app/ledger-session.js';

const HEALTH_MS = 250;

/** Looks again and again, and at once after an alarm. */
export function watchHealth(
  parts: IdentityParts,
  health: Health,
  onAlarm: Set<() => void>,
): () => void {
  let cancel = (): void => {};
  const look = (): void => {
    cancel();
    health.set(troubleOf(parts).length === 0);
    cancel = parts.clock.after(HEALTH_MS, look);
  };
  look();
  onAlarm.add(look);
  return () => {
    onAlarm.delete(look);
    cancel();
  };
}

function troubleOf(parts: IdentityParts): readonly string[] {
  const { ledger, sessions, maxStalenessMs } = parts;
  return [
    ...troubleWith('ledger', ledger, maxStalenessMs),
    ...(mayHoldSessions(parts) ? troubleWith('session ledger', sessions, maxStalenessMs) : []),
  ];
}

function troubleWith(
  name: string,
  { reader }: AnyLedgerSession,
  maxStalenessMs: number,
): readonly string[] {
  if (reader.state !== 'following') return [`${name}: ${reader.state}`];
  return reader.stalenessMs() > maxStalenessMs ? [`${name}: stale`] : [];
}

/** Opened before the ledgers are read, which may take long: whoever waits can see how far they are. */
export async function startOperations(
  metricsAddress: string | undefined,
  parts: IdentityParts,
  shutdown: Shutdown,
  registry: ReturnType<typeof createRegistry>,
  serving: { readonly now: boolean },
): Promise<number | undefined> {
  if (metricsAddress === undefined) return undefined;
  const colon = metricsAddress.lastIndexOf(':');
  const { ledger, sessions } = parts;
  const stopped = ({ reader }: AnyLedgerSession, name: string): string[] =>
    reader.state === 'stopped' ? [`${name}: stopped`] : [];
  const operations = await startOperationsServer({
    host: metricsAddress.slice(0, colon).replace(/^\[|\]$/gu, ''),
    port: Number(metricsAddress.slice(colon + 1)),
    registry,
    notAlive: () => [...stopped(ledger, 'ledger'), ...stopped(sessions, 'session ledger')],
    notReady: () => [...(serving.now ? [] : ['not serving']), ...troubleOf(parts)],
  });
  shutdown.add('operations', () => operations.close());
  return operations.port;
}
