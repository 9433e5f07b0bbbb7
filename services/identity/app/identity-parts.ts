import type { AnyCommand, Decide } from '#libs/decider/decide.js';
import type { CommandResult, Permit } from '#libs/decider/handle-command.js';
import { Failure } from '#libs/errors/failure.js';
import type { Actor } from '#libs/events/envelope.js';
import { encodeConsistencyToken } from '#libs/ledger/consistency-token.js';
import { sessionLedgerSince } from '#libs/decider/ledger-rules.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Ids, Random } from '#libs/runtime/ids.js';
import type { Logger } from '#libs/runtime/log.js';
import type { Tracer } from '#libs/runtime/tracer.js';
import type { AttemptRecords } from '#services/identity/app/attempt-records.js';
import type { CallerGate } from '#services/identity/app/caller.js';
import { isRevocation, type HeldRevocations } from '#services/identity/app/held-revocations.js';
import type { AnyLedgerSession, LedgerSession } from '#services/identity/app/ledger-session.js';
import type { Proofs } from '#services/identity/app/login/proofs.js';
import type { SessionFold } from '#services/identity/app/session-fold.js';
import type { SigningKeys } from '#services/identity/app/signing-keys.js';
import type { Command } from '#services/identity/domain/commands.js';
import { decideSession } from '#services/identity/domain/decide-session.js';
import { decide } from '#services/identity/domain/decide.js';
import type { SessionCommand } from '#services/identity/domain/session-commands.js';
import type { AttemptLimits } from '#services/identity/ports/attempt-limits.js';
import type { BlobStore } from '#services/identity/ports/blob-store.js';
import type { BlockList } from '#services/identity/ports/block-list.js';
import type { Delivery } from '#services/identity/ports/delivery.js';
import type { LoginNameIndex } from '#services/identity/ports/login-name-index.js';
import type { PasswordHasher } from '#services/identity/ports/password-hasher.js';
import type { SecretStore } from '#services/identity/ports/secret-store.js';
import type { SessionSecrets } from '#services/identity/ports/session-secrets.js';

/** What the use cases work with. */
export interface IdentityParts {
  /** Ledger L. */
  readonly ledger: LedgerSession;
  /** Ledger S. */
  readonly sessions: LedgerSession<SessionFold>;
  /** Revocations that S cannot take now; absent: they wait for it. */
  readonly revocations?: HeldRevocations | undefined;
  readonly gate: CallerGate;
  readonly secrets: SecretStore;
  /** What people prove themselves with beside a password. */
  readonly proofs: Proofs;
  readonly sessionSecrets: SessionSecrets;
  readonly blobs: BlobStore;
  readonly loginNames: LoginNameIndex;
  readonly hasher: PasswordHasher;
  readonly limits: AttemptLimits;
  /** Failures that every instance knows of. */
  readonly attempts: AttemptRecords;
  readonly blockList: BlockList;
  readonly delivery: Delivery;
  readonly signingKeys: SigningKeys;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly random: Random;
  readonly log: Logger;
  /** Absent: no spans. */
  readonly tracer?: Tracer | undefined;
  readonly issuer: string;
  /** The first is the default of new tokens. */
  readonly audiences: readonly string[];
  readonly maxStalenessMs: number;
  /** Throws when what a command has sealed is too old for a record to name it (`sealing`). */
  readonly requireFreshBlobs?: () => void;
}

/** One command as it was asked for. */
export interface CommandCall {
  readonly tenant: string;
  readonly actor: Actor;
  readonly commandId: string;
  readonly requestDigest: string;
  readonly reason: string;
  readonly traceparent: string;
  /** Judges on the state of each attempt; throws the refusal. */
  readonly permit: () => Permit;
}

/** A command that was carried out (now, or earlier under the same id). */
export interface Executed extends CommandResult {
  readonly consistencyToken: string;
}

/** Decides on ledger L, appends, and waits until it counts. */
export async function execute(
  parts: IdentityParts,
  call: CommandCall,
  command: Command,
): Promise<Executed> {
  const result = await executeOn(parts, parts.ledger, call, command, decide);
  return { ...result, consistencyToken: parts.ledger.tokenAt(result.position) };
}

/**
 * The same on ledger S, which the deciders see alone: what a command takes from L is in it, and `permit`
 * judges L anew at each attempt. Its token is of both ledgers; none, and position −1, where a revocation
 * is held because S cannot take it now. Rejects WRONG_STATE while the cell is below the level that S
 * begins with.
 */
export async function executeSession(
  parts: IdentityParts,
  call: CommandCall,
  command: SessionCommand,
): Promise<Executed> {
  if (!mayHoldSessions(parts)) {
    const text = `sessions need feature level ${sessionLedgerSince}: once every service runs this version, raise it with "ledgate level raise"`;
    throw new Failure('WRONG_STATE', text);
  }
  requireSameEpoch(parts);
  const running = appendSession(parts, call, command);
  const { revocations } = parts;
  if (revocations === undefined || !isRevocation(command)) return running;
  return revocations.settle(call, command, running);
}

/** The same, however long it takes. */
export async function appendSession(
  parts: IdentityParts,
  call: CommandCall,
  command: SessionCommand,
): Promise<Executed> {
  // What permits it stands in L: a record of S would compare keys of L with what S knows of them.
  const permit = (): Permit => {
    call.permit();
    return { permittedBy: [] };
  };
  const result = await executeOn(
    parts,
    parts.sessions,
    { ...call, permit },
    command,
    decideSession,
  );
  return { ...result, consistencyToken: sessionToken(parts, result.position) };
}

/** After a restore of L ledger S must be opened in the new epoch before anything rests on it. */
function requireSameEpoch({ ledger, sessions }: IdentityParts): void {
  const [inL = 1, inS = 1] = [ledger.fold.cluster?.epoch, sessions.fold.cluster?.epoch];
  if (inS >= inL) return;
  throw new Failure(
    'NOT_READY',
    'ledger S is not in the epoch of ledger L yet: start identity again',
  );
}

/** Token of everything that this instance knows of L, and of S up to a position. */
export function sessionToken({ ledger, sessions }: IdentityParts, position: number): string {
  const { clusterId, epoch } = ledger.fold.cluster ?? { clusterId: '', epoch: 1 };
  const inL = ledger.pointAt(ledger.reader.position);
  return encodeConsistencyToken({ clusterId, epoch, ...inL, session: sessions.pointAt(position) });
}

async function executeOn<C extends AnyCommand>(
  parts: IdentityParts,
  session: AnyLedgerSession,
  call: CommandCall,
  command: C,
  decideIt: Decide<C>,
): Promise<CommandResult> {
  const { permit, ...given } = call;
  const span = parts.tracer?.start({
    name: `append ${command.type}`,
    kind: 'PRODUCER',
    traceparent: call.traceparent,
  });
  const envelope = { ...given, traceparent: span?.traceparent ?? given.traceparent };
  const authorise = (): Permit | { readonly rejected: Failure } => {
    try {
      parts.requireFreshBlobs?.();
      return permit();
    } catch (error) {
      if (error instanceof Failure) return { rejected: error };
      throw error;
    }
  };
  const ended = (problem?: string): void => span?.end(problem);
  const result = await session
    .execute({ command, decide: decideIt, authorise, envelope })
    .catch((error: unknown) => {
      ended(error instanceof Failure ? error.reason : 'INTERNAL');
      throw error;
    });
  ended();
  return result;
}

/** Whether the cell is at the level that ledger S begins with. */
export function mayHoldSessions({ ledger }: Pick<IdentityParts, 'ledger'>): boolean {
  return ledger.fold.featureLevel >= sessionLedgerSince;
}

/** Throws when the state is missing, or too old to answer from: for this tenant, where it says so. */
export function requireFresh({ ledger, maxStalenessMs }: IdentityParts, tenant?: string): void {
  ledger.requireServing();
  const settings = tenant === undefined ? undefined : ledger.fold.view.findTenant(tenant)?.settings;
  const limitMs = Math.min(maxStalenessMs, settings?.hardStalenessMs ?? maxStalenessMs);
  if (ledger.reader.stalenessMs() <= limitMs) return;
  throw new Failure('STALE', 'this instance has lost touch with the ledger and cannot decide');
}
