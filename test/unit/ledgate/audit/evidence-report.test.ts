import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeLine, type DecisionLine } from '#libs/audit/decision-line.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { systemRandom } from '#libs/runtime/ids.js';
import { generateApiKey } from '#libs/tokens/api-key.js';
import type { EvidenceReport } from '#services/ledgate/operate/audit/evidence-report.js';
import { gatherEvidence } from '#services/ledgate/operate/audit/gather-evidence.js';
import { makeReport } from '#services/ledgate/operate/audit/make-report.js';
import { escaped, reportHtml } from '#services/ledgate/operate/audit/report-html.js';
import { Readable } from 'node:stream';
import { readFrom } from '#services/ledgate/operate/decisions/read-decisions.js';
import { ledgerKey, LedgerSeed } from '../../../support/authorizer/ledger-seed.js';
import { temporaryLog } from '../../../support/authorizer/running-authorizer.js';
import {
  apiKeyCreated,
  apiKeyRevoked,
  granted,
  passwordSet,
  permissionDefined,
  registered,
  roleCreated,
  tenantCreated,
} from '../../../support/authorizer/seed-events.js';

const dayMs = 86_400_000;
const nowMs = 1_800_000_000_000;
const daysAgo = (days: number): number => nowMs - days * dayMs;
const nasty = '<script>alert(1)</script> & "quoted"';
const keys = new MacKeys('auth.ledger.v1', new Map([[1, Buffer.from(ledgerKey, 'hex')]]));
const notAsked = { applicable: false, why: 'a test' } as const;
let log: EventLog;
let seed: LedgerSeed;

const happened = (days: number, reason: string, ...events: DomainEvent[]): Promise<number> => {
  const actor = { tenant: 't', principal: 'root' };
  return seed.append(events, { tenant: 't', actor, reason, atMs: daysAgo(days) });
};

beforeAll(async () => {
  log = temporaryLog();
  seed = await LedgerSeed.begin(log);
  const admin = { ...roleCreated('boss', ['*']), admin: true } as DomainEvent;
  await happened(
    400,
    '',
    tenantCreated('t'),
    permissionDefined('orders:read'),
    permissionDefined('ledgate.authorizer:ask-any'),
    roleCreated('asker', ['ledgate.authorizer:ask-any']),
    roleCreated('clerk', ['orders:read']),
    admin,
    ...['ada', 'bob', 'eve', 'new', 'gone'].map((id) => registered(id)),
    passwordSet('ada', 1),
    apiKeyCreated('bob', generateApiKey(systemRandom), { credential: 'old-key' }),
    apiKeyCreated('bob', generateApiKey(systemRandom), { credential: 'dead-key' }),
    granted('bob', 'asker'),
  );
  await happened(300, nasty, { ...granted('ada', 'boss'), admin: true } as DomainEvent);
  await happened(200, 'needed', granted('bob', 'clerk'), granted('eve', 'clerk', 'a'));
  await happened(150, '', granted('ada', 'clerk'), granted('gone', 'clerk'));
  await happened(20, '', apiKeyRevoked('bob', 'dead-key'), granted('new', 'clerk'));
  await happened(10, '', {
    type: 'PrincipalDeleted',
    principal: 'gone',
    blindIndexes: [],
    admin: false,
  });
});
afterAll(() => log.close());

const used = (principal: string, days: number, resource: string): DecisionLine => ({
  kind: 'decision',
  id: `${principal}-${days}`,
  atMs: daysAgo(days),
  authorizer: 'a',
  method: 'Authorize',
  caller: { kind: 'API_KEY', tenant: 't', credential: 'old-key' },
  asked: { kind: 'SUBJECT', tenant: 't', principal },
  action: 'orders:read',
  resource,
  tenant: 't',
  principal,
  outcome: 'ALLOW',
  reason: 'ALLOWED',
  position: 4,
  chain: '',
  epoch: 1,
  stalenessMs: 0,
  hardMs: 300_000,
  sensitiveMs: 15_000,
});

async function reportOf(lines?: readonly string[]): Promise<EvidenceReport> {
  const read = lines && (await readFrom(Readable.from(lines.map((line) => `${line}\n`))));
  return makeReport(await gatherEvidence({ log, macKeys: keys }, read), read, notAsked, nowMs);
}

describe('the evidence report', () => {
  it('says who administers, by which event, and why', async () => {
    const { admins, proof } = await reportOf();
    expect(admins).toHaveLength(1);
    expect(admins[0]).toMatchObject({
      subject: 'ada',
      roleName: 'boss',
      position: 2,
      givenBy: 'root',
      givenAt: new Date(daysAgo(300)).toISOString(),
      reason: nasty,
    });
    expect(proof).toMatchObject({ position: 6, accepted: 7, void: {} });
    expect(proof.chain).toMatch(/^[0-9a-f]{64}$/);
  });

  it('says how old what is in force is', async () => {
    const { keys: shown, passwords } = await reportOf();
    expect(shown.map(({ kind, id, ageDays, expiresAt }) => [kind, id, ageDays, expiresAt])).toEqual(
      [['API_KEY', 'old-key', 400, null]],
    );
    expect(passwords).toEqual({ under30: 0, under90: 0, under365: 0, older: 1 });
  });

  it('knows no unused grants without a decision log that covers 90 days', async () => {
    expect((await reportOf()).unusedGrants).toEqual({
      known: false,
      why: 'no decision log was given',
    });
    const short = await reportOf([encodeLine(used('bob', 10, 'x'))]);
    expect(short.unusedGrants).toEqual({
      known: false,
      why: 'the decision log covers 10 days, not 90',
    });
  });

  it('lists grants on which no decision of 90 days rests, and no others', async () => {
    const start = encodeLine({ kind: 'start', authorizer: 'a', atMs: daysAgo(120), sample: 1 });
    const end = encodeLine({ kind: 'end', authorizer: 'a', atMs: nowMs });
    const lines = [start, used('eve', 100, 'a/b'), used('bob', 10, 'x'), end].map((line) =>
      typeof line === 'string' ? line : encodeLine(line),
    );
    const { unusedGrants: unused } = await reportOf(lines);
    if (!unused.known) throw new Error(unused.why);
    const shown = unused.grants.map(({ subject, role, lastUsedAt }) => [
      `${subject} ${role}`,
      lastUsedAt,
    ]);
    expect(Object.fromEntries(shown)).toEqual({
      'ada boss': null,
      'ada clerk': null,
      'bob asker': null,
      'eve clerk': new Date(daysAgo(100)).toISOString(),
    });
    expect(unused.caveats).toEqual([]);
    const sampled = await reportOf([
      lines[0]!.replace('"sample":1', '"sample":0.01'),
      ...lines.slice(1),
    ]);
    expect(sampled.unusedGrants).toMatchObject({
      caveats: ['of permissions of risk NORMAL only 1 % of what was allowed is in the log'],
    });
  });

  it('is whole as a page: every text escaped, nothing loaded, every cell has a header', async () => {
    const page = reportHtml(await reportOf());
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;quoted&quot;');
    expect(page).not.toMatch(/<script|<img|<link|<iframe|\bsrc=|\bhref=|@import|url\(/i);
    expect(page).toContain('<html lang="en">');
    expect(page.match(/<table>/g)?.length).toBe(page.match(/<caption>/g)?.length);
    expect(page.match(/<th(?! scope=)[^e]/g)).toBeNull();
    for (const [, id] of page.matchAll(/aria-labelledby="([a-z]+)"/g)) {
      expect(page).toContain(`<h2 id="${id}">`);
    }
    expect(escaped('a\u202eb\u0000c\ud800')).toBe('a\ufffdb\ufffdc\ufffd');
  });

  it('finds what is not as it should be', async () => {
    const strange = encodeLine({ ...used('bob', 100, 'x'), outcome: 'DENY', reason: 'NO_GRANT' });
    const gap = encodeLine({
      kind: 'gap',
      authorizer: 'a',
      fromId: 'x',
      fromMs: 1,
      untilMs: 2,
      count: 7,
    });
    await log.append([Buffer.from('nonsense')]);
    const { findings, proof, decisions } = await reportOf([strange, gap, '{"decisionLog":1}']);
    expect(findings).toEqual([
      '1 decisions come out differently',
      '1 lines of the decision log cannot be read',
      '7 decisions are missing in the decision log',
    ]);
    expect(proof.void).toEqual({ malformed: 1 });
    expect(decisions?.differences).toMatchObject([
      { recorded: 'DENY NO_GRANT', now: 'ALLOW ALLOWED' },
    ]);
  });
});
