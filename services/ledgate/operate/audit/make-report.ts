import { apiKeyStatus, signingKeyStatus } from '#libs/access/evaluate/credential-status.js';
import { principalStatus } from '#libs/access/evaluate/subject-status.js';
import type { AccessView } from '#libs/access/projection/access-view.js';
import type { Tenant } from '#libs/access/projection/tenant.js';
import { ALLOW, reasonName } from '#libs/access/reason-code.js';
import type { DecisionsRead } from '../decisions/read-decisions.js';
import {
  reportVersion,
  type AgeBands,
  type BrokerSettings,
  type DecisionsAudited,
  type EvidenceReport,
  type ReportedGrant,
  type ReportedKey,
} from './evidence-report.js';
import type { Gathered } from './gather-evidence.js';
import type { BookedGrant } from './grant-book.js';
import { unusedGrants } from './unused-grants.js';

const dayMs = 86_400_000;

/** Puts together what was gathered. `nowMs`: the moment that ages and expiry are judged by. */
export function makeReport(
  gathered: Gathered,
  read: DecisionsRead | undefined,
  brokers: BrokerSettings,
  nowMs: number,
): EvidenceReport {
  const { view, proof, position, chain, accepted, quarantinedAt } = gathered;
  const live = liveGrants(gathered, nowMs);
  const last = proof.checkpoints.at(-1);
  const decisions = read === undefined ? null : auditedOf(read, gathered);
  return {
    evidenceReport: reportVersion,
    madeAt: timeOf(nowMs),
    findings: findingsOf(gathered, brokers, decisions),
    proof: {
      clusterId: proof.clusterId,
      ledger: proof.ledger,
      position,
      chain,
      epochs: proof.epochs,
      accepted,
      void: proof.void,
      auditPublicKey: Buffer.from(proof.auditPublicKey).toString('hex'),
      checkpointsVerified: proof.checkpoints.length,
      lastCheckpoint: last === undefined ? null : { about: last.about, at: timeOf(last.atMs) },
    },
    admins: live
      .filter((grant) => grant.admin || roleOf(view, grant)?.admin === true)
      .map((grant) => reported(view, grant)),
    unusedGrants: unusedGrants(live, read, nowMs, (grant) => reported(view, grant)),
    keys: [...apiKeys(gathered, nowMs), ...signingKeys(gathered, nowMs)].sort(
      (a, b) => b.ageDays - a.ageDays,
    ),
    passwords: passwordAges(gathered, nowMs),
    brokers,
    quarantines: { keys: view.quarantined.size, positions: quarantinedAt },
    decisions,
  };
}

function findingsOf(
  { proof, view }: Gathered,
  brokers: BrokerSettings,
  decisions: DecisionsAudited | null,
): string[] {
  const findings = [...proof.findings];
  if (view.quarantined.size > 0) findings.push(`${view.quarantined.size} keys are quarantined`);
  if (brokers.applicable) findings.push(...brokers.deviations);
  const { differences = [], badLines = 0, missing = 0 } = decisions ?? {};
  if (differences.length > 0) findings.push(`${differences.length} decisions come out differently`);
  if (badLines > 0) findings.push(`${badLines} lines of the decision log cannot be read`);
  if (missing > 0) findings.push(`${missing} decisions are missing in the decision log`);
  return findings;
}

function auditedOf(read: DecisionsRead, { replayed }: Gathered): DecisionsAudited {
  return {
    decisions: read.decisions.length,
    same: replayed.same,
    differences: replayed.differ,
    notReAskable: replayed.notReAskable,
    missing: read.gaps.reduce((sum, { count }) => sum + count, 0),
    badLines: read.bad.length + read.contradicting.length,
  };
}

/** Unexpired, of a role that is there, to a principal or group of a tenant that is there. */
function liveGrants({ grants, view }: Gathered, nowMs: number): BookedGrant[] {
  return grants.all().filter((grant) => {
    const tenant = view.findTenant(grant.tenant);
    if (tenant === undefined || tenant.status === 'DELETED') return false;
    if (!((grant.expiresAtMs ?? Infinity) > nowMs)) return false;
    if (roleOf(view, grant)?.live !== true) return false;
    if (grant.subjectKind === 'GROUP') return true;
    const row = view.principalRow(grant.tenant, grant.subject);
    return row >= 0 && reasonName(principalStatus(view, row, nowMs)) !== 'PRINCIPAL_DELETED';
  });
}

function roleOf(view: AccessView, { tenant, role }: BookedGrant) {
  return view.findTenant(tenant)?.roles.get(role);
}

function reported(view: AccessView, grant: BookedGrant): ReportedGrant {
  const { tenant, subjectKind, subject, role, resourcePrefix, position, givenBy, reason } = grant;
  return {
    tenant,
    subjectKind,
    subject,
    role,
    roleName: roleOf(view, grant)?.name ?? '',
    resourcePrefix,
    expiresAt: grant.expiresAtMs === undefined ? null : timeOf(grant.expiresAtMs),
    grant: grant.grant,
    position,
    givenBy: givenBy === '' ? 'the system' : givenBy,
    givenAt: timeOf(grant.givenAtMs),
    reason,
  };
}

function apiKeys({ view, credentials }: Gathered, nowMs: number): ReportedKey[] {
  return view.tenants.flatMap((tenant: Tenant) =>
    [...tenant.apiKeys.values()].flatMap((key) => {
      const code = apiKeyStatus(view, key, nowMs);
      if (code !== ALLOW) return [];
      const madeAtMs = credentials.madeAtMs(key.authPosition);
      const endsMs = Math.min(key.limits.expiresAtMs, key.replacedAtMs);
      return {
        kind: 'API_KEY' as const,
        tenant: tenant.id,
        owner: view.principals.idOf(key.principal),
        id: key.credential,
        status: 'ACTIVE',
        madeAt: timeOf(madeAtMs),
        ageDays: daysSince(madeAtMs, nowMs),
        expiresAt: Number.isFinite(endsMs) ? timeOf(endsMs) : null,
      };
    }),
  );
}

function signingKeys({ view, credentials }: Gathered, nowMs: number): ReportedKey[] {
  return [...view.signingKeys.values()].flatMap((key) => {
    const isDead = key.status === 'REMOVED' || key.status === 'COMPROMISED';
    if (isDead || reasonName(signingKeyStatus(view, key.kid, nowMs)) === 'SIGNING_KEY_RETIRED') {
      return [];
    }
    const madeAtMs = credentials.madeAtMs(key.publishedAt);
    const ends = key.status === 'RETIRING' && Number.isFinite(key.retireAfterMs);
    return {
      kind: 'SIGNING_KEY' as const,
      tenant: '',
      owner: key.issuer,
      id: key.kid,
      status: key.status,
      madeAt: timeOf(madeAtMs),
      ageDays: daysSince(madeAtMs, nowMs),
      expiresAt: ends ? timeOf(key.retireAfterMs) : null,
    };
  });
}

function passwordAges({ credentials }: Gathered, nowMs: number): AgeBands {
  const bands = { under30: 0, under90: 0, under365: 0, older: 0 };
  for (const { setAtMs } of credentials.passwords()) {
    const days = daysSince(setAtMs, nowMs);
    if (days < 30) bands.under30 += 1;
    else if (days < 90) bands.under90 += 1;
    else if (days < 365) bands.under365 += 1;
    else bands.older += 1;
  }
  return bands;
}

function daysSince(atMs: number, nowMs: number): number {
  return Math.max(0, Math.floor((nowMs - atMs) / dayMs));
}

const latestMs = 8_640_000_000_000_000;

function timeOf(ms: number): string {
  return new Date(Math.min(ms, latestMs)).toISOString();
}
