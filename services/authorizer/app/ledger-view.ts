import type { AccessView } from '#libs/access/projection/access-view.js';
import type { Permission, Tenant } from '#libs/access/projection/tenant.js';
import { Failure } from '#libs/errors/failure.js';
import type { Cluster } from '#libs/ledger/cluster-facts.js';
import type { Reader } from '#libs/ledger/reader.js';
import type { AccessFold } from './access-fold.js';
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

/** What this authorizer knows of the ledger right now, and how old it may be. */
export class LedgerView {
  readonly reader: Follower;
  readonly limits: StalenessLimits;
  readonly #fold: AccessFold;

  constructor(reader: Follower, fold: AccessFold, limits: StalenessLimits) {
    this.reader = reader;
    this.#fold = fold;
    this.limits = limits;
  }

  get view(): AccessView {
    return this.#fold.view;
  }

  /** Grows whenever anything that an answer rests on may have changed. */
  get generation(): number {
    return this.#fold.generation;
  }

  get fold(): AccessFold {
    return this.#fold;
  }

  get position(): number {
    return this.reader.position;
  }

  /** Throws what keeps this authorizer from answering anything; answers which ledger it follows. */
  requireCluster(): Cluster {
    const { state, failure } = this.reader;
    const { cluster } = this.#fold;
    if (state === 'diverged') {
      throw new Failure('DIVERGED', 'this authorizer is rebuilding its state; ask another one');
    }
    // One that stopped goes on answering until its state is too old; it is not ready meanwhile.
    if (state === 'starting' || cluster === undefined) {
      if (failure !== undefined) throw failure;
      throw new Failure('NOT_READY', 'this authorizer is still reading the ledger', {
        retryAfterMs: 500,
      });
    }
    return cluster;
  }

  /** Why this authorizer should not be asked; empty: it is ready. */
  notReady(): readonly string[] {
    const { state, failure } = this.reader;
    const reasons: string[] = [];
    if (state !== 'following') reasons.push(failure?.message ?? `the ledger reader is ${state}`);
    if (this.#fold.cluster === undefined) reasons.push('no ledger was found: run ledgate init');
    if (this.reader.stalenessMs() > this.limits.sensitiveMs) reasons.push('the state is too old');
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
  answered(tenant: Tenant | undefined, stalenessMs = this.reader.stalenessMs()): Answered {
    const softMs = tenant?.settings.softStalenessMs ?? this.limits.softMs;
    return { position: this.reader.position, stalenessMs, stale: stalenessMs > softMs };
  }
}

export function stale(stalenessMs: number, limitMs: number): Failure {
  const age = Number.isFinite(stalenessMs) ? `${Math.round(stalenessMs)} ms old` : 'of unknown age';
  return new Failure('STALE', `the state is ${age}, and this may be ${limitMs} ms at most`, {
    retryAfterMs: 1_000,
  });
}
