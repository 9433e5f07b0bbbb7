import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DecisionLine } from '#libs/audit/decision-line.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { readDecisions } from '#services/ledgate/operate/decisions/read-decisions.js';
import {
  replayDecisions,
  type Replayed,
} from '#services/ledgate/operate/decisions/replay-decisions.js';
import { linesOf, RecordedHistory } from '../../support/audit/recorded-history.js';
import { ledgerKey } from '../../support/authorizer/ledger-seed.js';

/** So that more than 10⁴ can be asked again in the long version (`CHAOS=long`). */
const wanted = process.env['CHAOS'] === 'long' ? 14_000 : 800;
const askable = process.env['CHAOS'] === 'long' ? 10_000 : 500;
const folder = mkdtempSync(join(tmpdir(), 'ledgate-decisions-'));
const file = join(folder, 'decisions.jsonl');
const history = new RecordedHistory();
const macKeys = () => new MacKeys('auth.ledger.v1', new Map([[1, Buffer.from(ledgerKey, 'hex')]]));

async function replayed(path: string): Promise<Replayed> {
  const { decisions } = await readDecisions(path);
  return replayDecisions({ log: history.world.seed.log, macKeys: macKeys() }, decisions);
}

/** The same file with some decisions changed. */
function changed(change: (line: DecisionLine) => object | undefined): [string, number] {
  const path = join(folder, 'changed.jsonl');
  let count = 0;
  const lines = linesOf(file).map((text) => {
    const line = JSON.parse(text) as DecisionLine;
    const other = line.kind === 'decision' ? change(line) : undefined;
    if (other === undefined) return text;
    count += 1;
    return JSON.stringify({ ...line, ...other });
  });
  writeFileSync(path, `${lines.join('\n')}\n`);
  return [path, count];
}

beforeAll(async () => {
  await history.start(file);
  await history.run(7, wanted);
  await history.world.authorizer.close();
}, 600_000);
afterAll(async () => {
  await history.world.closeAll();
  rmSync(folder, { recursive: true });
});

describe('decisions of a random history, asked again at their positions', () => {
  it('are all in the log, each once, and nothing else is', async () => {
    const read = await readDecisions(file);
    const { decisions, gaps, bad, repeated, contradicting, foreign, unended } = read;
    expect({ gaps, bad, repeated, contradicting, foreign, unended }).toEqual({
      gaps: [],
      bad: [],
      repeated: 0,
      contradicting: [],
      foreign: 0,
      unended: [],
    });
    const decided = decisions.filter(({ outcome }) => outcome !== 'CANNOT_DECIDE');
    expect(decided.length).toBeGreaterThanOrEqual(wanted * 0.9);
    expect(decisions.length).toBeGreaterThanOrEqual(history.answered);
    expect(new Set(decisions.map(({ position }) => position)).size).toBeGreaterThan(50);
    expect(new Set(decisions.map(({ reason }) => reason)).size).toBeGreaterThan(12);
    for (const outcome of ['ALLOW', 'DENY']) {
      expect(decisions.filter((one) => one.outcome === outcome).length).toBeGreaterThan(50);
    }
  });

  it('come out the same: 0 differ', async () => {
    const { decisions } = await readDecisions(file);
    const { same, differ, notReAskable } = await replayed(file);
    expect(differ).toEqual([]);
    const left = Object.values(notReAskable).reduce((sum, count) => sum + count, 0);
    expect(same + left).toBe(decisions.length);
    expect(same).toBeGreaterThan(askable);
    process.stdout.write(
      `decisions, asked again: ${decisions.length}, same ${same}, differ ${differ.length}, ` +
        `not re-askable ${JSON.stringify(notReAskable)}\n`,
    );
  }, 600_000);
});

describe('it bites', () => {
  it('on another outcome or reason in a line', async () => {
    let at = 0;
    const [path, count] = changed(({ outcome, reason, asked }) => {
      if (asked.kind === 'REFUSED' || asked.kind === 'UNKNOWN_API_KEY') return undefined;
      at += 1;
      if (at % 10 > 0 || reason === 'TENANT_UNKNOWN' || reason === 'PRINCIPAL_UNKNOWN') {
        return undefined;
      }
      if (outcome === 'ALLOW') return { outcome: 'DENY', reason: 'NO_GRANT' };
      return { outcome: 'ALLOW', reason: 'ALLOWED' };
    });
    const { differ, notReAskable } = await replayed(path);
    const left = Object.values(notReAskable).reduce((sum, one) => sum + one, 0);
    expect(count).toBeGreaterThan(20);
    expect(differ.length).toBeGreaterThanOrEqual(count - left);
    expect(differ.length).toBeGreaterThan(20);
  }, 600_000);

  it('on a line that names another position', async () => {
    const [path, count] = changed(({ position, asked }) =>
      position % 5 === 0 && asked.kind === 'SUBJECT' ? { position: position - 1 } : undefined,
    );
    const { differ } = await replayed(path);
    expect(count).toBeGreaterThan(10);
    expect(differ).toHaveLength(count);
    expect(differ[0]?.now).toBe('the ledger holds another history there');
  }, 600_000);

  it('on the ledger of somebody else', async () => {
    const other = new RecordedHistory();
    await other.start(join(folder, 'other.jsonl'));
    const { decisions } = await readDecisions(file);
    const access = { log: other.world.seed.log, macKeys: macKeys() };
    const { same, differ } = await replayDecisions(access, decisions);
    expect([same, differ.length]).toEqual([0, decisions.length]);
    await other.world.closeAll();
  });
});
