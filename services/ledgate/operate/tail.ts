import { decodeCommandPayload } from '#libs/events/codec.js';
import { systemClock } from '#libs/runtime/clock.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { Resume } from '#libs/ledger/fold.js';
import type { Judged } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import { Reader } from '#libs/ledger/reader.js';
import { RecordKind } from '#libs/ledger/record.js';
import type { Output, Row } from '../cli/output.js';

export interface TailOptions {
  readonly log: EventLog;
  readonly macKeys: MacKeys;
  /** Where to begin in a ledger that has lost its beginning. */
  readonly origin?: () => Promise<Resume | undefined>;
  /** First position to show; everything before is judged, not shown. */
  readonly from: number;
  /** Stop at the present end instead of waiting for more. */
  readonly once: boolean;
  readonly signal: AbortSignal;
}

/** Shows the ledger as readable lines, live, with the verdict on each record. */
export async function tailLedger(options: TailOptions, out: Output): Promise<void> {
  const { log, macKeys, from, once, signal, origin } = options;
  const fold = {
    resume: () => undefined,
    apply: (batch: readonly Judged[]) => {
      for (const judged of batch) if (judged.position >= from) show(judged, out);
    },
    reset: () => out.line({ reset: true }, '--- the log was cut: this is another history ---'),
  };
  const follow = { log, clock: systemClock, macKeys, fold };
  const reader = new Reader(origin === undefined ? follow : { ...follow, origin });
  await reader.start();
  if (!once) await aborted(signal);
  await reader.stop();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

const kindNames = new Map<number, string>(
  Object.entries(RecordKind).map(([name, kind]) => [kind, name]),
);

function show(judged: Judged, out: Output): void {
  const row = rowOf(judged);
  const { position, at, verdict, kind, command, tenant, actor, events, reason } = row;
  const list = Array.isArray(events) ? events.join(', ') : '';
  const what = [command ?? kind, list].filter(Boolean).join(' → ');
  const by = actor === undefined ? '' : ` by ${String(actor)}`;
  const where = tenant === undefined ? '' : ` in ${String(tenant)}`;
  const why = reason === undefined || reason === '' ? '' : `  "${String(reason)}"`;
  const mark = verdict === 'accepted' ? '' : `  VOID (${String(verdict)})`;
  const time = String(at ?? '').padEnd(24);
  out.line(row, `${String(position).padStart(7)}  ${time}  ${what}${where}${by}${why}${mark}`);
}

function rowOf(judged: Judged): Row {
  const { position, header, why } = judged;
  const verdict = why ?? 'accepted';
  if (!header) return { position, verdict };
  const at = Number.isFinite(header.atMs) ? timeOf(header.atMs) : '';
  const kind = kindNames.get(header.kind) ?? String(header.kind);
  const head = { position, at, verdict, kind };
  if (header.kind !== RecordKind.COMMAND) return head;
  const decoded = decodeCommandPayload(judged.payload ?? new Uint8Array(0));
  if (!decoded.ok) return { ...head, command: `(not understood: ${decoded.problem})` };
  const { tenant, actor, command, reason, events } = decoded.value;
  const names = counted(
    events.map((stored) => (stored.known ? stored.event.type : stored.wireType)),
  );
  const by = actor.principal === '' ? 'the system' : actor.principal;
  return { ...head, command, tenant, actor: by, events: names, reason };
}

/** `['A', 'B', 'B']` → `['A', 'B ×2']`: a new tenant defines dozens of permissions. */
function counted(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`));
}

function timeOf(ms: number): string {
  return ms <= 8_640_000_000_000_000 ? new Date(ms).toISOString() : String(ms);
}
