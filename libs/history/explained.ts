import type { Explanation } from '#libs/access/evaluate/explain.js';
import type { GrantPath } from '#libs/access/evaluate/grant-path.js';
import type { LedgerRecords } from './ledger-records.js';
import { relevant, type RecordedEvent } from './recorded-events.js';
import { summaryOf } from './summary.js';

/** What was decided, and about whom. */
export interface Ruled {
  readonly outcome: 'ALLOW' | 'DENY' | 'CANNOT_DECIDE';
  /** ALLOWED, or why not. */
  readonly reason: string;
  /** Both empty when the credential belongs to nobody whom the caller may know of. */
  readonly tenant: string;
  readonly principal: string;
}

/** A grant that allows, or nearly does, with the events that made it. */
export interface ExplainedPath extends GrantPath {
  /** `''` when its record can no longer be told. */
  readonly grant: string;
  readonly events: readonly RecordedEvent[];
}

/** What a decision rests on, with the words of the events: who, when, why. */
export interface Explained<R extends Ruled> {
  readonly answer: R;
  readonly paths: readonly ExplainedPath[];
  /** One sentence for people. */
  readonly summary: string;
  /** Of a denial that is not about grants. */
  readonly events: readonly RecordedEvent[];
}

/** Records that one explanation reads again. */
const eventsRead = 100;

export interface ToExplain<R extends Ruled> {
  readonly answer: R;
  readonly action: { readonly action: string; readonly resource: string };
  /** Of the same question on the same view; `undefined`: there is none that may be told. */
  readonly evidence: Explanation | undefined;
  /** Reads ledger S, where the evidence may be too. */
  readonly sessionRecords?: Pick<LedgerRecords, 'read'> | undefined;
  /** What the events of a denial name: principal, tenant, permission, credential. */
  readonly ids: ReadonlySet<string>;
}

/** Adds to a decision the very events it rests on. Rejects LEDGER_UNAVAILABLE, DIVERGED. */
export async function withEvents<R extends Ruled>(
  records: Pick<LedgerRecords, 'read'>,
  { answer, action, evidence, sessionRecords, ids }: ToExplain<R>,
): Promise<Explained<R>> {
  const paths = evidence?.paths ?? [];
  const wanted = [...(evidence?.evidence ?? []), ...paths.flatMap(({ positions }) => positions)];
  const recorded = await records.read([...new Set(wanted)].slice(0, eventsRead));
  const explained = paths.map((path) => explainPath(path, recorded, answer.principal));
  const inL = (evidence?.evidence ?? []).flatMap((position) => relevant(recorded, position, ids));
  const inS = await eventsOfS(sessionRecords, evidence?.sessionEvidence ?? [], ids);
  const events = [...inL, ...inS];
  const roles = evidence?.rolesThatAllow ?? [];
  const summary = summaryOf({ answer, action, paths: explained, events, roles });
  return { answer, paths: explained, events, summary };
}

async function eventsOfS(
  records: Pick<LedgerRecords, 'read'> | undefined,
  positions: readonly number[],
  ids: ReadonlySet<string>,
): Promise<RecordedEvent[]> {
  if (records === undefined || positions.length === 0) return [];
  const recorded = await records.read(positions.slice(0, eventsRead));
  const events = positions.flatMap((position) => relevant(recorded, position, ids));
  return events.map((event) => ({ ...event, ledger: 'S' as const }));
}

function explainPath(
  path: GrantPath,
  recorded: readonly RecordedEvent[],
  principal: string,
): ExplainedPath {
  const ids = new Set([principal, ...path.roleChain.map(({ role }) => role)]);
  if (path.group !== undefined) ids.add(path.group.id);
  const events = path.positions.flatMap((position) => relevant(recorded, position, ids));
  return { ...path, grant: grantId(path, events), events };
}

/** The grant itself: in its own record, or in the one that revoked it. */
function grantId(
  { roleChain, resourcePrefix }: GrantPath,
  events: readonly RecordedEvent[],
): string {
  for (const { event } of events) {
    const isGrant = event.type === 'RoleGranted' || event.type === 'GrantRevoked';
    if (!isGrant || event.role !== roleChain[0]?.role) continue;
    if (event.resourcePrefix === resourcePrefix) return event.grant;
  }
  return '';
}
