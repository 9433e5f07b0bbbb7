import type { EarlyDenies, EarlyDeny } from '#libs/access/sessions/early-denies.js';
import { Failure, type Reason } from '#libs/errors/failure.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import type { Ids } from '#libs/runtime/ids.js';
import type { Logger } from '#libs/runtime/log.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { CommandCall, Executed } from '#services/identity/app/identity-parts.js';
import { families } from '#services/identity/domain/refresh-family/state.js';
import type { SessionCommand } from '#services/identity/domain/session-commands.js';
import { mostEnded } from '#services/identity/domain/session/lifetimes.js';
import { sessionLists, sessions } from '#services/identity/domain/session/state.js';
import type {
  HeldRevocation,
  Revocation,
  RevocationJournal,
} from '#services/identity/ports/revocation-journal.js';

export interface HeldRevocationsOptions {
  readonly journal: RevocationJournal;
  /** Heeded by this instance itself. */
  readonly denies: EarlyDenies;
  readonly documents: DocumentReader;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** Brings a command into the ledger. */
  readonly execute: (call: CommandCall, command: SessionCommand) => Promise<Executed>;
}

/** A revocation that the ledger has not taken by then is held: it bites, and follows. */
const patienceMs = 1_000;
const retryMs = 1_000;
/** Longest life of an access token, ms. */
const longestTokenMs = 3_600_000;

/** More than this do not wait for the ledger at one instance: the journal is written anew with each end. */
const mostHeld = 1_000;
const promised: Executed = { position: -1, events: [], replayed: false, consistencyToken: '' };

const notTaken: ReadonlySet<Reason> = new Set([
  'LEDGER_UNAVAILABLE',
  'STALE',
  'CONFLICT',
  'DEADLINE_EXCEEDED',
  'DIVERGED',
  'NOT_READY',
  'OVERLOADED',
]);

/**
 * Revocations that the ledger cannot take now. They are written to the journal of this instance, heeded
 * by it and by every authorizer that watches it, answered, and appended as soon as that is possible.
 * They only ever take away, so heeding them early is safe.
 */
export class HeldRevocations {
  readonly #options: HeldRevocationsOptions;
  readonly #watchers = new Set<(denies: readonly EarlyDeny[]) => void>();
  readonly #held = new Map<string, readonly EarlyDeny[]>();
  /** What is held, so that asking again makes no second one. */
  readonly #commands = new Set<string>();
  readonly #closing = new AbortController();

  constructor(options: HeldRevocationsOptions) {
    this.#options = options;
  }

  /** How many wait for the ledger. */
  get size(): number {
    return this.#held.size;
  }

  /** Everything that is held now. */
  get denies(): readonly EarlyDeny[] {
    return [...this.#held.values()].flat();
  }

  /** Calls with each that is held from now on. Returns the way to stop it. */
  watch(watcher: (denies: readonly EarlyDeny[]) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Takes up what an earlier process had promised. */
  resume(): void {
    for (const held of this.#options.journal.load()) {
      this.#publish(held, this.#deniesOf(held));
      void this.#bringIn(held);
    }
  }

  close(): void {
    this.#closing.abort();
  }

  /**
   * What comes of a revocation: the ledger's own answer when that comes soon, else that it is held
   * (position −1). Rejects with a refusal, or with why it could neither be recorded nor held.
   */
  async settle(
    call: CommandCall,
    command: Revocation,
    running: Promise<Executed>,
  ): Promise<Executed> {
    const { clock, ids, journal, log } = this.#options;
    const late = sleep(clock, patienceMs).then(() => undefined);
    const first = await Promise.race([running.catch(untilTaken), late]);
    if (first !== undefined) return first;
    // Nobody's revocation is heeded who may not revoke; on the newest state there is.
    call.permit();
    const { permit: _, ...rest } = call;
    const heldAlready = this.#commands.has(textOf(call.tenant, command));
    if (heldAlready) return promised;
    // What the decider would refuse, and more than is borne in mind: only the ledger's answer counts.
    if (!this.#isOfOwner(call.tenant, command) || this.#held.size >= mostHeld) return running;
    const held: HeldRevocation = { id: ids.uuid(), call: rest, command };
    const denies = this.#deniesOf(held);
    journal.add(held);
    this.#publish(held, denies);
    log.warn({ command: command.type, denies: denies.length }, 'a revocation is held: no ledger');
    void running.then(
      () => this.#done(held),
      (error: unknown) => (isFinal(error) ? this.#done(held, error) : this.#bringIn(held)),
    );
    return promised;
  }

  /** Whether what is to end belongs to whom the caller was permitted to end it for. */
  #isOfOwner(tenant: string, command: Revocation): boolean {
    const { documents } = this.#options;
    const owns = (session: string, principal: string): boolean =>
      sessions.read(documents, tenant, session)?.principal === principal;
    switch (command.type) {
      case 'RevokeToken':
        return true;
      case 'RevokeRefreshFamily': {
        const known = families.read(documents, tenant, command.family);
        return command.client === undefined || known?.client === command.client;
      }
      case 'EndSession':
        return owns(command.session, command.principal);
      case 'EndSessions':
        return command.except === undefined || owns(command.except, command.principal);
    }
  }

  async #bringIn(held: HeldRevocation): Promise<void> {
    const { clock, execute } = this.#options;
    const { signal } = this.#closing;
    // It was permitted when it was answered.
    let call: CommandCall = { ...held.call, permit: () => ({ permittedBy: [] }) };
    while (!signal.aborted) {
      try {
        const { events } = await execute(call, held.command);
        if (held.command.type !== 'EndSessions' || events.length < mostEnded) {
          return this.#done(held);
        }
        // One record does not hold as many as there may be.
        call = { ...call, commandId: '' };
      } catch (error) {
        if (isFinal(error)) return this.#done(held, error);
        await sleep(clock, retryMs, signal);
      }
    }
  }

  #done(held: HeldRevocation, error?: unknown): void {
    const { journal, log } = this.#options;
    this.#held.delete(held.id);
    this.#commands.delete(textOf(held.call.tenant, held.command));
    journal.remove(held.id);
    const command = held.command.type;
    // What is not there any more needs no end.
    if (error !== undefined) log.warn({ err: error, command }, 'a held revocation changed nothing');
    else log.info({ command }, 'a held revocation is in the ledger');
  }

  #publish(held: HeldRevocation, denies: readonly EarlyDeny[]): void {
    this.#held.set(held.id, denies);
    this.#commands.add(textOf(held.call.tenant, held.command));
    for (const deny of denies) this.#options.denies.add(deny);
    for (const watcher of this.#watchers) watcher(denies);
  }

  #deniesOf({ call: { tenant }, command }: HeldRevocation): readonly EarlyDeny[] {
    const { documents, clock } = this.#options;
    switch (command.type) {
      case 'RevokeToken':
        return [{ tenant, kind: 'TOKEN', id: command.jti, untilMs: command.expiresAtMs }];
      case 'RevokeRefreshFamily': {
        const known = families.read(documents, tenant, command.family);
        const untilMs = Math.max(known?.expiresAtMs ?? 0, clock.wallMs() + longestTokenMs);
        return [{ tenant, kind: 'FAMILY', id: command.family, untilMs }];
      }
      case 'EndSession':
        return [this.#ended(tenant, command.session)];
      case 'EndSessions': {
        const listed = sessionLists.read(documents, tenant, command.principal)?.sessions ?? [];
        const others = listed.filter(({ session }) => session !== command.except);
        return others.map(({ session }) => this.#ended(tenant, session));
      }
    }
  }

  #ended(tenant: string, id: string): EarlyDeny {
    const known = sessions.read(this.#options.documents, tenant, id);
    const untilMs = known?.expiresAtMs ?? this.#options.clock.wallMs() + longestTokenMs;
    return { tenant, kind: 'SESSION', id, untilMs };
  }
}

export function isRevocation(command: SessionCommand): command is Revocation {
  const { type } = command;
  return (
    type === 'RevokeToken' ||
    type === 'RevokeRefreshFamily' ||
    type === 'EndSession' ||
    type === 'EndSessions'
  );
}

function textOf(tenant: string, command: Revocation): string {
  return JSON.stringify([tenant, command]);
}

/** `undefined`: the ledger could not take it. */
function untilTaken(error: unknown): undefined {
  if (isFinal(error)) throw error;
  return undefined;
}

function isFinal(error: unknown): boolean {
  return !(error instanceof Failure) || !notTaken.has(error.reason);
}
