import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Judge } from '#libs/ledger/judge.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { LmdbState, sessionStateForm } from '#services/identity/adapters/lmdb-state.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import { SessionFold } from '#services/identity/app/session-fold.js';
import { trimSessions } from '#services/identity/app/session-trim.js';
import { evolve } from '#services/identity/domain/evolve.js';
import { dayMs, SessionHistory, sessionKeys } from '../../support/ledger/session-history.js';
import { ManualClock } from './manual-clock.js';

const size = 32;
let folder: string;
const opened: LmdbState[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgate-sessions-'));
});
afterEach(async () => {
  for (const state of opened.splice(0)) await state.close();
  rmSync(folder, { recursive: true, force: true });
});

function emptyFold(): SessionFold {
  const state = new LmdbState(join(folder, `state-${opened.length}`), sessionStateForm);
  opened.push(state);
  return new SessionFold(state, evolve);
}

/** Folds what a judge has not seen yet, up to the end. */
function readOn(history: SessionHistory, fold: SessionFold, judge: Judge): void {
  const from = judge.window.position + 1;
  const records = history.store.from(from, history.store.length - from);
  fold.apply(
    records.map((record) => judge.judge(record)),
    judge.window,
  );
}

function readFromStart(history: SessionHistory): SessionFold {
  const fold = emptyFold();
  const window = new VerdictWindow(size);
  readOn(history, fold, new Judge(sessionKeys, { window, sealed: false }));
  return fold;
}

/** What a trim looks at. */
function sessionsOf(history: SessionHistory, fold: SessionFold): LedgerSession<SessionFold> {
  const position = history.store.length - 1;
  const reader = { state: 'following', position, lostBelow: undefined };
  return { reader, fold, source: { log: history.log } } as unknown as LedgerSession<SessionFold>;
}

function trim(history: SessionHistory, fold: SessionFold, retentionMs: number) {
  const clock = new ManualClock(history.nowMs);
  const options = { sessions: sessionsOf(history, fold), retentionMs, clock };
  return trimSessions(options, { size, worth: 1 });
}

describe('ledger S', () => {
  it('loses what is older than its retention, and a late start knows all that is younger', async () => {
    const history = new SessionHistory(size);
    history.revokeTokens(300, 20);
    const whole = readFromStart(history);
    const kept = await trim(history, whole, 100 * dayMs);
    expect(await history.log.start()).toBe(kept);
    expect(kept).toBeGreaterThan(100);
    history.revokeTokens(30, 20);
    const all = readFromStart(new Replayed(history));
    const late = emptyFold();
    const resume = await late.startLate(history.trust);
    if (resume === undefined) throw new Error('the log was trimmed');
    const { position, chain } = late.state.point;
    expect(position).toBe(resume.window.position);
    expect(Buffer.from(chain).equals(resume.window.chain)).toBe(true);
    readOn(history, late, new Judge(sessionKeys, resume));
    expect(late.cluster).toEqual(all.cluster);
    const youngest = history.store.length - 100;
    const known = (fold: SessionFold) =>
      [...fold.state.scan('t1/token:')].filter(([text]) => Number(text.slice(10)) >= youngest);
    expect(known(late)).toHaveLength(known(all).length);
    expect(known(late)).toEqual(known(all));
    expect(known(late).length).toBeGreaterThan(80);
  });

  it('is not trimmed while a late start would not be possible, nor for little', async () => {
    const history = new SessionHistory(size);
    history.revokeTokens(300, 1_000);
    const whole = readFromStart(history);
    expect(await trim(history, whole, 100 * dayMs)).toBeUndefined();
    expect(await trim(history, whole, 400 * dayMs)).toBeUndefined();
    expect(await history.log.start()).toBe(0);
  });

  it('goes on from documents that stand beyond the beginning of a trimmed log only by building again', async () => {
    const history = new SessionHistory(size);
    history.revokeTokens(300, 20);
    const whole = readFromStart(history);
    await trim(history, whole, 100 * dayMs);
    await whole.catchUp(history.log, sessionKeys, history.store.length);
    expect(whole.state.point.position).toBe(-1);
    expect(whole.resume()).toBeUndefined();
    expect(await whole.startLate(history.trust)).toBeDefined();
  });
});

/** The same records as before the trim. */
class Replayed extends SessionHistory {
  constructor({ store, windowSize }: SessionHistory) {
    super(windowSize);
    this.store.cut(0);
    this.store.append(store.from(0, store.length).map(({ value }) => value));
  }
}
