import type { AccessView } from '#libs/access/projection/access-view.js';
import type { Permission, Tenant } from '#libs/access/projection/tenant.js';
import type { SessionView } from '#libs/access/sessions/session-view.js';
import { Failure } from '#libs/errors/failure.js';
import type { LedgerRecords } from '#libs/history/ledger-records.js';
import type { Cluster } from '#libs/ledger/cluster-facts.js';
import type { Reader } from '#libs/ledger/reader.js';
import type { AccessFold } from './access-fold.js';
import type { SessionLedger } from './session-ledger.js';
import type { Answered } from './answers.js';

/** Ages beyond which an answer is marked (soft) or refused (hard, and hard for SENSITIVE), ms. */
export interface StalenessLimits {
  readonly softMs: number;
  readonly hardMs: number;
  readonly sensitiveMs: number;
}

/** What is asked of a reader. */
export type Follower = Pick<
  Reader,
  'position' | 'state' | 'failure' | 'stalenessMs' | 'waitFor' | 'window'
>;

/**
 * What this authorizer knows of the ledgers right now, and how old it may be. Ledger S counts as soon as
 * the cell has one: then it is ready when it follows both, and as old as the older of them.
 */
export class LedgerView {
  /** Of ledger L. */
  readonly reader: Follower;
  readonly limits: StalenessLimits;
  readonly #fold: AccessFold;
  readonly #sessions: SessionLedger | undefined;
  #counts = false;

  constructor(
    reader: Follower,
    fold: AccessFold,
    limits: StalenessLimits,
    sessions?: SessionLedger,
  ) {
    this.reader = reader;
    this.#fold = fold;
    this.limits = limits;
    this.#sessions = sessions;
  }

  get view(): AccessView {
    return this.#fold.view;
  }

  /** Undefined where no ledger S is read: of what names anything in it nothing can be said. */
  get sessions(): SessionView | undefined {
    return this.#counted?.fold.view;
  }

  /** Grows whenever anything that an answer rests on may have changed, in either ledger. */
  get generation(): number {
    return this.#fold.generation + (this.#sessions?.fold.generation ?? 0);
  }

  /** Ledger S, while it counts: once it does it always will, as levels are never lowered. */
  get #counted(): SessionLedger | undefined {
    if (this.#counts) return this.#sessions;
    this.#counts = this.#sessions?.counts(this.#fold.featureLevel) === true;
    return this.#counts ? this.#sessions : undefined;
  }

  get fold(): AccessFold {
    return this.#fold;
  }

  /** Of L. */
  get position(): number {
    return this.reader.position;
  }

  /** Of S; −1: nothing of it was read. */
  get sessionPosition(): number {
    return this.#counted?.reader.position ?? -1;
  }

  /**
   * How far S reaches now: its end, as the log says within `waitMs`; Infinity: it did not say, or S is
   * being read for the first time.
   */
  async endOfSessionLedger(waitMs: number): Promise<number> {
    const sessions = this.#counted;
    if (sessions !== undefined) return sessions.end(waitMs);
    const arriving = this.#sessions?.isArriving(this.#fold.featureLevel) === true;
    return arriving ? Number.POSITIVE_INFINITY : 0;
  }

  /** Records of S; undefined while S does not count. */
  get sessionRecords(): LedgerRecords | undefined {
    return this.#counted?.records;
  }

  /** The reader of S; undefined while S does not count. */
  get sessionReader(): Follower | undefined {
    return this.#counted?.reader;
  }

  /** Age of the proof that nothing newer was missed in either ledger, ms. */
  stalenessMs(): number {
    return Math.max(this.reader.stalenessMs(), this.#counted?.reader.stalenessMs() ?? 0);
  }

  /** Throws what keeps this authorizer from answering anything; answers which ledger it follows. */
  requireCluster(): Cluster {
    const { cluster } = this.#fold;
    requireRead(this.reader, cluster !== undefined);
    const sessions = this.#counted;
    if (sessions === undefined) return cluster as Cluster;
    requireRead(sessions.reader, true);
    if (isForeign(sessions, cluster)) {
      throw new Failure('MISCONFIGURED', 'ledger S belongs to another cluster than ledger L');
    }
    if (isBehind(sessions, cluster)) {
      throw new Failure('NOT_READY', 'ledger S is not in the epoch of ledger L yet', {
        retryAfterMs: 500,
      });
    }
    return cluster as Cluster;
  }

  /** Why this authorizer should not be asked; empty: it is ready. */
  notReady(): readonly string[] {
    const { cluster } = this.#fold;
    const sessions = this.#counted;
    const reasons = notFollowing('the ledger reader', this.reader);
    if (sessions !== undefined) {
      reasons.push(...notFollowing('the reader of ledger S', sessions.reader));
    }
    if (cluster === undefined) reasons.push('no ledger was found: run ledgate init');
    else if (sessions !== undefined && isForeign(sessions, cluster)) {
      reasons.push('ledger S belongs to another cluster than ledger L');
    }
    if (this.stalenessMs() > this.limits.sensitiveMs) reasons.push('the state is too old');
    return reasons;
  }

  /** The hard limit for a permission of a tenant (or for whatever is asked of the tenant), ms. */
  hardLimitMs(tenant: Tenant | undefined, action: string | undefined): number {
    if (tenant === undefined) return this.limits.hardMs;
    const permission = action === undefined ? undefined : tenant.permissions.get(action);
    return this.limitMs(tenant, permission);
  }

  /** The same for a permission that was looked up. */
  limitMs(tenant: Tenant | undefined, permission: Permission | undefined): number {
    const { hardMs, sensitiveMs } = this.limits;
    if (tenant === undefined) return hardMs;
    const ofTenant = Math.min(hardMs, tenant.settings.hardStalenessMs ?? hardMs);
    if (permission === undefined) return ofTenant;
    const ofRisk = permission.risk === 'SENSITIVE' ? sensitiveMs : hardMs;
    return Math.min(ofTenant, permission.maxStalenessMs ?? ofRisk);
  }

  /** Where an answer about this tenant is given, with the state as old as it is. */
  answered(tenant: Tenant | undefined, stalenessMs = this.stalenessMs()): Answered {
    const softMs = tenant?.settings.softStalenessMs ?? this.limits.softMs;
    return {
      position: this.reader.position,
      sessionPosition: this.sessionPosition,
      stalenessMs,
      stale: stalenessMs > softMs,
    };
  }
}

/** One that stopped goes on answering until its state is too old; it is not ready meanwhile. */
function requireRead({ state, failure }: Follower, founded: boolean): void {
  if (state === 'diverged') {
    throw new Failure('DIVERGED', 'this authorizer is rebuilding its state; ask another one');
  }
  if (state !== 'starting' && founded) return;
  if (failure !== undefined) throw failure;
  throw new Failure('NOT_READY', 'this authorizer is still reading the ledger', {
    retryAfterMs: 500,
  });
}

function notFollowing(who: string, { state, failure }: Follower): string[] {
  return state === 'following' ? [] : [failure?.message ?? `${who} is ${state}`];
}

/** After a restore of L: what S holds rests on positions that mean something else now. */
function isBehind({ fold }: SessionLedger, cluster: Cluster | undefined): boolean {
  return fold.cluster !== undefined && fold.cluster.epoch < (cluster?.epoch ?? 1);
}

/** S may be empty yet: identity founds it when it starts. */
function isForeign({ fold }: SessionLedger, cluster: Cluster | undefined): boolean {
  return fold.cluster !== undefined && fold.cluster.clusterId !== cluster?.clusterId;
}

export function stale(stalenessMs: number, limitMs: number): Failure {
  const age = Number.isFinite(stalenessMs) ? `${Math.round(stalenessMs)} ms old` : 'of unknown age';
  return new Failure('STALE', `the state is ${age}, and this may be ${limitMs} ms at most`, {
    retryAfterMs: 1_000,
  });
}
