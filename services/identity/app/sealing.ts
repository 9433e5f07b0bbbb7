import { Failure, type Reason } from '#libs/errors/failure.js';
import type { VaultRef } from '#libs/events/catalogue.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Executed, IdentityParts } from '#services/identity/app/identity-parts.js';
import type { SecretStore } from '#services/identity/ports/secret-store.js';

/** After these nobody can say whether the record came to count. */
const unsure: ReadonlySet<Reason> = new Set([
  'NOT_READY',
  'DIVERGED',
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'INTERNAL',
]);

/**
 * A record names what was sealed at most this long before, ms. The sweep leaves a blob alone for a day:
 * whatever was stopped for longer in between (a suspended machine) comes back too late to name it.
 */
export const nameableForMs = 3_600_000;

/**
 * Runs a command that seals things before it is decided. Blobs come first, the record that names
 * them second: when there surely is no such record (refused, or answered from an earlier one), what
 * was sealed is erased again. Personal data of an attempt that failed must not stay.
 */
export async function sealing(
  parts: IdentityParts,
  run: (parts: IdentityParts) => Promise<Executed>,
): Promise<Executed> {
  const sealed: VaultRef[] = [];
  const eraseAll = (): void => {
    void Promise.all(sealed.map((ref) => parts.secrets.erase(ref))).catch((error: unknown) =>
      parts.log.warn({ err: error }, 'sealed blobs of a refused command could not be erased'),
    );
  };
  try {
    const secrets = noting(parts.secrets, sealed);
    const executed = await run({ ...parts, secrets, requireFreshBlobs: ageLimit(parts.clock) });
    if (executed.replayed || executed.events.length === 0) eraseAll();
    return executed;
  } catch (error) {
    if (error instanceof Failure && !unsure.has(error.reason)) eraseAll();
    throw error;
  }
}

function noting(secrets: SecretStore, sealed: VaultRef[]): SecretStore {
  const noted = (ref: VaultRef): VaultRef => {
    sealed.push(ref);
    return ref;
  };
  return {
    seal: async (bytes, context) => noted(await secrets.seal(bytes, context)),
    sealJson: async (value, context) => noted(await secrets.sealJson(value, context)),
    open: (ref, context) => secrets.open(ref, context),
    openJson: (ref, context) => secrets.openJson(ref, context),
    erase: (ref) => secrets.erase(ref),
  };
}

/** By both clocks: one stands still while a machine sleeps, the other may be set back. */
function ageLimit(clock: Clock): () => void {
  const [startMs, startWallMs] = [clock.monotonicMs(), clock.wallMs()];
  return () => {
    const ageMs = Math.max(clock.monotonicMs() - startMs, clock.wallMs() - startWallMs);
    if (ageMs < nameableForMs) return;
    throw new Failure('DEADLINE_EXCEEDED', 'the command was held up for too long; try again');
  };
}
