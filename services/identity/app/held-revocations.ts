import type { AccessDeny } from '#libs/access/projection/access-denies.js';
import type { EarlyDenies, EarlyDeny } from '#libs/access/sessions/early-denies.js';
import { Failure, type Reason } from '#libs/errors/failure.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import type { Ids } from '#libs/runtime/ids.js';
import type { Logger } from '#libs/runtime/log.js';
import type { HeldAccess, HeldAccessRevocation } from '#services/identity/app/held-access.js';
import { HeldIndex, type AskedRevocation } from '#services/identity/app/held-index.js';
import type { HeldSessionEnds } from '#services/identity/app/held-session-ends.js';
import type { CommandCall, Executed } from '#services/identity/app/identity-parts.js';
import type { SessionCommand } from '#services/identity/domain/session-commands.js';
import { mostEnded } from '#services/identity/domain/session/lifetimes.js';
import type {
  AccessRevocation,
  AskedRight,
  HeldRevocation,
  Revocation,
  RevocationJournal,
} from '#services/identity/ports/revocation-journal.js';

export interface HeldRevocationsOptions {
  readonly journal: RevocationJournal;
  /** Those of S, heeded by this instance itself. */
  readonly denies: EarlyDenies;
  readonly ends: HeldSessionEnds;
  readonly access: HeldAccess;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  /** Brings a command into ledger S. */
  readonly execute: (call: CommandCall, command: SessionCommand) => Promise<Executed>;
  /** Brings one into ledger L. */
  readonly executeAccess: (call: CommandCall, command: AccessRevocation) => Promise<Executed>;
}

/** What is new: denied, or said by ledger L from now on. */
export interface HeldNews {
  readonly denies: readonly EarlyDeny[];
  readonly access: readonly AccessDeny[];
  /** Revocations whose `AccessDeny` is over. */
  readonly lifted: readonly Lifted[];
}

/** From `position` on ledger L says itself what came of a revocation. */
export interface Lifted {
  readonly hold: string;
  readonly position: number;
}

/** A revocation that the ledger has not taken by then is held: it bites, and follows. */
const patienceMs = 1_000;
const retryMs = 1_000;
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
 * What is said of the revocation itself. Anything else (a quarantined key, a build or a key of the ledger
 * that is too old, a fault of ours) says nothing about it: nobody gets access back by that.
 */
const refusals: ReadonlySet<Reason> = new Set([
  'INVALID_ARGUMENT',
  'CALLER_UNAUTHENTICATED',
  'CREDENTIALS_REJECTED',
  'GRANT_REJECTED',
  'ALREADY_USED',
  'PERMISSION_DENIED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'WRONG_STATE',
  'LAST_ADMIN',
  'LIMIT_REACHED',
  'IN_USE',
  'COMMAND_ID_REUSED',
]);

/** One of L, and what has become of the attempt that it was answered in. */
interface Waiting {
  readonly held: HeldAccessRevocation;
  readonly denies: readonly AccessDeny[];
  readonly running: Promise<Executed> | undefined;
}

/**
 * Revocations that the ledger cannot take now. They are written to the journal of this instance, heeded
 * by it and by every authorizer that watches it, answered, and appended as soon as that is possible.
 * They only ever take away, so heeding them early is safe. What S would say stays heeded until it is over
 * anyway; what L would say, until L says it or refuses to.
 */
export class HeldRevocations {
  readonly #options: HeldRevocationsOptions;
  readonly #watchers = new Set<(news: HeldNews) => void>();
  readonly #held = new Map<string, readonly EarlyDeny[]>();
  /** Of ledger L, in the order in which they were asked for, which is that in which they follow. */
  readonly #waiting = new Map<string, Waiting>();
  /** Who ends sessions of its own cannot keep an administrator from suspending somebody. */
  readonly #ofSessions = new HeldIndex();
  readonly #ofAccess = new HeldIndex();
  readonly #closing = new AbortController();
  readonly #stuck = new Set<string>();
  #following = false;
  #refused = 0;

  constructor(options: HeldRevocationsOptions) {
    this.#options = options;
  }

  /** How many wait for the ledger. */
  get size(): number {
    return this.#held.size + this.#waiting.size;
  }

  /** How many of those of L the ledger refused in the end: access goes on. */
  get refused(): number {
    return this.#refused;
  }

  /** Everything that is held now. */
  get all(): HeldNews {
    const access = [...this.#waiting.values()].flatMap(({ denies }) => denies);
    return { denies: [...this.#held.values()].flat(), access, lifted: [] };
  }

  /** Calls with what is new from now on. Returns the way to stop it. */
  watch(watcher: (news: HeldNews) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Takes up what an earlier process had promised. */
  resume(): void {
    const { journal, log } = this.#options;
    for (const held of journal.load()) {
      const { type } = held.command;
      if (isOfAccess(held)) this.#wait(held, undefined);
      else if (isRevocation(held.command)) {
        this.#publish(held, held.command);
        void this.#bringIn(held, held.command);
      } else log.error({ command: type }, 'a held revocation is not known to this build: it waits');
    }
    const { unreadable: lines } = journal;
    if (lines > 0) log.error({ lines }, 'held revocations cannot be read: they are lost');
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
    const { ends, ids, journal, log } = this.#options;
    const { permit, ...rest } = call;
    const wanted = { call: rest, command };
    const answer = await this.#soon(this.#ofSessions, wanted, permit, running);
    if (answer !== undefined) return answer;
    // What the decider would refuse, and more than is borne in mind: only the ledger's answer counts.
    if (!ends.isOfOwner(call.tenant, command) || !this.#ofSessions.hasRoom(wanted)) return running;
    const held: HeldRevocation = { id: ids.uuid(), ...wanted };
    journal.add(held);
    const denies = this.#publish(held, command);
    log.warn({ command: command.type, denies }, 'a revocation is held: no ledger');
    void running.then(
      () => this.#done(held),
      (error: unknown) => (isOver(error) ? this.#done(held, error) : this.#bringIn(held, command)),
    );
    return promised;
  }

  /** The same of a revocation of ledger L. By what right it was `asked` for is judged again then. */
  async settleAccess(
    call: CommandCall,
    command: AccessRevocation,
    asked: AskedRight,
    running: Promise<Executed>,
  ): Promise<Executed> {
    const { access, ids, journal, log } = this.#options;
    const { permit, ...rest } = call;
    const wanted = { call: rest, command, asked };
    const answer = await this.#soon(this.#ofAccess, wanted, permit, running);
    if (answer !== undefined) return answer;
    if (!this.#ofAccess.hasRoom(wanted) || !access.wouldCount(call, command)) return running;
    const held = { id: ids.uuid(), ...wanted };
    journal.add(held);
    this.#wait(held, running);
    const { type } = command;
    log.warn({ command: type, tenant: call.tenant }, 'a revocation of access is held: no ledger');
    return promised;
  }

  /** The ledger's answer, or that it is held already; nothing: it may be held. */
  async #soon(
    index: HeldIndex,
    wanted: AskedRevocation,
    permit: CommandCall['permit'],
    running: Promise<Executed>,
  ): Promise<Executed | undefined> {
    const late = sleep(this.#options.clock, patienceMs).then(() => undefined);
    const first = await Promise.race([running.catch(untilTaken), late]);
    if (first !== undefined) return first;
    // Nobody's revocation is heeded who may not revoke; on the newest state there is.
    permit();
    return index.holds(wanted) ? promised : undefined;
  }

  async #bringIn(held: HeldRevocation, command: Revocation): Promise<void> {
    const { clock, execute } = this.#options;
    const { signal } = this.#closing;
    // It was permitted when it was answered.
    let call: CommandCall = { ...held.call, permit: () => ({ permittedBy: [] }) };
    while (!signal.aborted) {
      try {
        const { events } = await execute(call, command);
        if (command.type !== 'EndSessions' || events.length < mostEnded) return this.#done(held);
        // One record does not hold as many as there may be.
        call = { ...call, commandId: '' };
      } catch (error) {
        if (isOver(error)) return this.#done(held, error);
        if (isFinal(error)) this.#complain(held, error);
        await sleep(clock, retryMs, signal);
      }
    }
  }

  #done(held: HeldRevocation, error?: unknown): void {
    const { log } = this.#options;
    this.#held.delete(held.id);
    this.#forget(this.#ofSessions, held);
    const command = held.command.type;
    // What is not there any more needs no end.
    if (error !== undefined) log.warn({ err: error, command }, 'a held revocation changed nothing');
    else log.info({ command }, 'a held revocation is in the ledger');
  }

  #forget(index: HeldIndex, held: HeldRevocation): void {
    index.delete(held);
    this.#stuck.delete(held.id);
    const { journal, log } = this.#options;
    try {
      journal.remove(held.id);
    } catch (error) {
      // Said once more by the next process, it would be the same command.
      log.error({ err: error }, 'a held revocation that is over is still in the journal');
    }
  }

  /** How many denies there are of it. */
  #publish(held: HeldRevocation, command: Revocation): number {
    const { tenant } = held.call;
    const denies = this.#options.ends.deniesOf(tenant, command);
    this.#held.set(held.id, denies);
    this.#ofSessions.add(held);
    for (const deny of denies) this.#options.denies.add(deny);
    this.#tell({ denies, access: [], lifted: [] });
    return denies.length;
  }

  /** From now on it bites. */
  #wait(held: HeldAccessRevocation, running: Promise<Executed> | undefined): void {
    const { access } = this.#options;
    const denies = access.deniesOf(held);
    // Looked at when it is its turn.
    running?.catch(() => {});
    this.#waiting.set(held.id, { held, denies, running });
    this.#ofAccess.add(held);
    for (const deny of denies) access.denies.add(deny);
    this.#tell({ denies: [], access: denies, lifted: [] });
    if (!this.#following) void this.#follow();
  }

  /** Brings in those of L, one after the other, until none waits. */
  async #follow(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    this.#following = true;
    while (this.#waiting.size > 0 && !signal.aborted) {
      for (const waiting of this.#waiting.values()) {
        if (signal.aborted || !(await this.#bringAccess(waiting))) break;
      }
      if (this.#waiting.size > 0) await sleep(clock, retryMs, signal);
    }
    this.#following = false;
  }

  /** False: those behind it must wait as well. */
  async #bringAccess({ held, running }: Waiting): Promise<boolean> {
    const { access, executeAccess, log } = this.#options;
    const { call, command } = held;
    try {
      const answered = await running?.catch(() => undefined);
      if (answered === undefined) {
        await executeAccess({ ...call, permit: () => access.permitAgain(held) }, command);
      }
      this.#lift(held);
      log.info({ command: command.type }, 'a held revocation of access is in the ledger');
    } catch (error) {
      if (!isFinal(error)) return false;
      if (!isOver(error)) {
        this.#complain(held, error);
        return true;
      }
      this.#lift(held);
      this.#refused += 1;
      const { tenant, actor, commandId } = call;
      const about = { err: error, command, tenant, actor, commandId };
      log.error(about, 'a held revocation of access was refused by the ledger: access goes on');
    }
    return true;
  }

  /** Once for each: it is tried again and again. */
  #complain({ id, command: { type } }: HeldRevocation, err: unknown): void {
    if (this.#stuck.has(id)) return;
    this.#stuck.add(id);
    this.#options.log.error({ err, command: type }, 'a held revocation stays held');
  }

  /** The ledger has it, or will not: from here on it speaks for itself. */
  #lift(held: HeldAccessRevocation): void {
    const { access } = this.#options;
    this.#waiting.delete(held.id);
    this.#forget(this.#ofAccess, held);
    const { position } = access;
    access.denies.lift(held.id, position);
    access.denies.settle(position);
    this.#tell({ denies: [], access: [], lifted: [{ hold: held.id, position }] });
  }

  #tell(news: HeldNews): void {
    for (const watcher of this.#watchers) watcher(news);
  }
}

export function isRevocation(command: { readonly type: string }): command is Revocation {
  const { type } = command;
  return (
    type === 'RevokeToken' ||
    type === 'RevokeRefreshFamily' ||
    type === 'EndSession' ||
    type === 'EndSessions'
  );
}

const ofAccess: Readonly<Record<AccessRevocation['type'], true>> = {
  SuspendTenant: true,
  SuspendPrincipal: true,
  DeletePrincipal: true,
  SuspendClient: true,
  DeleteClient: true,
  RevokeApiKey: true,
  BlockCredential: true,
  RemovePassword: true,
  RemoveCertificate: true,
  RevokeClientSecret: true,
};

function isOfAccess(held: HeldRevocation): held is HeldAccessRevocation {
  return held.asked !== undefined && Object.hasOwn(ofAccess, held.command.type);
}

/** `undefined`: the ledger could not take it. */
function untilTaken(error: unknown): undefined {
  if (isFinal(error)) throw error;
  return undefined;
}

function isFinal(error: unknown): boolean {
  return !(error instanceof Failure) || !notTaken.has(error.reason);
}

/** It says of the revocation itself that it will not be. */
function isOver(error: unknown): boolean {
  return error instanceof Failure && refusals.has(error.reason);
}
