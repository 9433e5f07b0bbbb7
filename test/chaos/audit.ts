import { decodeCommandPayload } from '#libs/events/codec.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { arbitrate } from '../support/ledger/arbiter.js';
import type { Load } from './load.js';

export interface Audit {
  readonly records: number;
  readonly accepted: number;
  readonly void: number;
  readonly acknowledged: number;
  /** Acknowledged, and not accepted where the caller was told. */
  readonly lost: number;
  /** Commands with more than one effect. */
  readonly doubled: number;
  /** Role names and login names that more than one holds, in the log or by what callers were told. */
  readonly namesTwice: number;
}

const window = 65_536;

/** Judges the whole log by the independent arbiter, and compares with what the callers were told. */
export async function audit(log: EventLog, secret: Uint8Array, load: Load): Promise<Audit> {
  const values = await allOf(log);
  const judged = arbitrate(values, secret, log.name, window);
  const effects = new Map<string, number[]>();
  const names = new Map<string, number>();
  judged.forEach((one, position) => {
    if (!one.accepted || one.kind !== 1) return;
    const payload = decodeCommandPayload(one.payload);
    if (!payload.ok) throw new Error(`record ${position}: ${payload.problem}`);
    const { commandId, tenant, events } = payload.value;
    if (commandId !== '') effects.set(commandId, [...(effects.get(commandId) ?? []), position]);
    for (const stored of events) {
      if (!stored.known) continue;
      for (const name of namesOf(stored.event)) {
        names.set(`${tenant} ${name}`, (names.get(`${tenant} ${name}`) ?? 0) + 1);
      }
    }
  });
  const lost = load.acknowledged.filter(
    ({ commandId, position }) => effects.get(commandId)?.includes(position) !== true,
  );
  const twice = (counts: ReadonlyMap<string, number>): number =>
    [...counts.values()].filter((count) => count > 1).length;
  const accepted = judged.filter((one) => one.accepted).length;
  return {
    records: values.length,
    accepted,
    void: values.length - accepted,
    acknowledged: load.acknowledged.length,
    lost: lost.length,
    doubled: [...effects.values()].filter((at) => at.length > 1).length,
    namesTwice: twice(names) + twice(load.won),
  };
}

function namesOf(event: DomainEvent): string[] {
  if (event.type === 'RoleCreated') return [`role ${event.name}`];
  if (event.type !== 'PrincipalRegistered') return [];
  return event.loginNames.map(({ blindIndex }) => `login ${blindIndex}`);
}

async function allOf(log: EventLog): Promise<(Uint8Array | null)[]> {
  const end = await log.end();
  const values: (Uint8Array | null)[] = [];
  const stop = new AbortController();
  for await (const batch of log.tail(0, stop.signal)) {
    values.push(...batch.records.map(({ value }) => value));
    if (values.length >= end) break;
  }
  return values.slice(0, end);
}
