import type { DomainEvent, SessionFacts } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { endedRow, rowOf, type SessionRow } from './session-row.js';
import { keptAfterExpiryMs, SessionState, type TenantSessions } from './session-state.js';

type Ended = Extract<DomainEvent, { type: 'SessionEnded' }>;
type Applied = Extract<DomainEvent, { type: keyof typeof applied }>;

/** Refresh families and short-lived things are identity's; events of L are not for this view. */
const applied = {
  SessionStarted: true,
  SessionSteppedUp: true,
  SessionExtended: true,
  SessionEnded: true,
  RefreshFamilyRevoked: true,
  TokenRevoked: true,
} as const;

function isApplied(event: DomainEvent): event is Applied {
  return Object.hasOwn(applied, event.type);
}

/**
 * The session view: ledger S folded into what a decision needs, as `AccessView` is for L. Events are
 * applied in the order of the ledger. The fold is total: it never throws, reads no clock, and forgets
 * nothing; `sweep` does, of what has expired, and no answer changes by it.
 */
export class SessionView extends SessionState {
  apply(event: DomainEvent, ctx: EventContext): void {
    this.position = Math.max(this.position, ctx.position);
    if (!isApplied(event)) return;
    const tenant = this.ownTenant(ctx.tenant);
    switch (event.type) {
      case 'SessionStarted':
        if (!tenant.sessions.has(event.session)) this.#put(rowOf(event, tenant.id, ctx.position));
        return;
      case 'SessionSteppedUp':
        return this.#renew(tenant, event, ctx.position, true);
      case 'SessionExtended':
        return this.#renew(tenant, event, ctx.position, false);
      case 'SessionEnded':
        return this.#end(tenant, event, ctx.position);
      case 'RefreshFamilyRevoked':
        return revoke(tenant.families, event.family, ctx.position, event.accessExpiresAtMs);
      case 'TokenRevoked':
        revoke(tenant.tokens, event.jti, ctx.position, event.expiresAtMs);
    }
  }

  /** An accepted OPEN of S: ends of sessions may be in the part that is lost. */
  open(epoch: number, position: number): void {
    this.position = Math.max(this.position, position);
    if (epoch <= this.epoch) return;
    this.epoch = epoch;
    this.openedAt = position;
  }

  /** Marks the write keys (16 bytes each) of a record that this build could not read. */
  quarantine(keyHashes: readonly Uint8Array[]): void {
    for (const hash of keyHashes) this.quarantined.add(hash);
  }

  /**
   * Forgets what expired long enough ago, of at most `most` entries from where the last sweep stopped.
   * What is asked about it afterwards is unknown, which is refused as well.
   */
  sweep(nowMs: number, most = Number.POSITIVE_INFINITY): void {
    this.early?.sweep(nowMs);
    const isOver = (untilMs: number): boolean => untilMs + keptAfterExpiryMs <= nowMs;
    this.#sweeping ??= entriesOf(this.tenants.values());
    for (let looked = 0; looked < most; looked++) {
      const next = this.#sweeping.next();
      if (next.done === true) {
        this.#sweeping = undefined;
        return;
      }
      const { from, id, untilMs, token } = next.value;
      if (!isOver(untilMs)) continue;
      if (token !== undefined && this.byToken.get(token)?.session === id)
        this.byToken.delete(token);
      from.delete(id);
    }
  }

  #sweeping: Iterator<Entry> | undefined;

  /** A token hash that belongs to another session is never taken over. */
  #put(row: SessionRow): void {
    this.ownTenant(row.tenant).sessions.set(row.session, row);
    if (row.tokenSha256 === '') return;
    const holder = this.byToken.get(row.tokenSha256);
    if (holder === undefined || isSame(holder, row)) this.byToken.set(row.tokenSha256, row);
  }

  /** What is over stays over, and no session becomes somebody else's. */
  #renew(tenant: TenantSessions, facts: SessionFacts, position: number, newToken: boolean): void {
    const known = tenant.sessions.get(facts.session);
    const told = rowOf(facts, tenant.id, position);
    if (known === undefined) return this.#put(told);
    if (known.endedAt >= 0 || known.principal !== told.principal) return;
    const tokenSha256 = newToken ? told.tokenSha256 : known.tokenSha256;
    if (tokenSha256 !== known.tokenSha256) this.#dropToken(known);
    this.#put({ ...told, tokenSha256, startedAt: known.startedAt });
  }

  #end(tenant: TenantSessions, event: Ended, position: number): void {
    const known = tenant.sessions.get(event.session);
    if (known === undefined) return this.#put(endedRow(event, tenant.id, position));
    if (known.endedAt >= 0) return;
    this.#put({ ...known, endedAt: position, changedAt: position });
  }

  #dropToken(row: SessionRow): void {
    const holder = this.byToken.get(row.tokenSha256);
    if (holder !== undefined && isSame(holder, row)) this.byToken.delete(row.tokenSha256);
  }
}

interface Entry {
  readonly from: Map<string, unknown>;
  readonly id: string;
  readonly untilMs: number;
  readonly token?: string;
}

/** Walks maps that may change meanwhile: what is added is met, what is deleted is not. */
function* entriesOf(tenants: Iterable<TenantSessions>): Generator<Entry> {
  for (const { sessions, families, tokens } of tenants) {
    for (const [id, { expiresAtMs, tokenSha256 }] of sessions) {
      yield { from: sessions, id, untilMs: expiresAtMs, token: tokenSha256 };
    }
    for (const from of [families, tokens]) {
      for (const [id, { untilMs }] of from) yield { from, id, untilMs };
    }
  }
}

function isSame(a: SessionRow, b: SessionRow): boolean {
  return a.session === b.session && a.tenant === b.tenant;
}

/** Of two revocations the first is named, and the later end counts. */
function revoke(
  revoked: TenantSessions['tokens'],
  id: string,
  position: number,
  untilMs: number,
): void {
  const known = revoked.get(id);
  if (known === undefined) revoked.set(id, { position, untilMs });
  else if (untilMs > known.untilMs) revoked.set(id, { ...known, untilMs });
}
