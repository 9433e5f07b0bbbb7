import { decodeCommandPayload } from '#libs/events/codec.js';
import { keyText } from '#libs/events/keys.js';
import { MemoryStore } from '#libs/decider/memory-store.js';
import { foldEvent } from '#libs/decider/fold-event.js';
import type { Judgement } from './arbiter.js';
import { evolve, tenant } from './domain.js';

/** What the final log says, by the independent arbiter's verdicts. */
export interface History {
  /** Positions of the accepted records of each command id. */
  readonly effects: ReadonlyMap<string, readonly number[]>;
  /** `reason` of each accepted record: `<command id>/<attempt>`. */
  readonly attempts: ReadonlySet<string>;
  readonly duplicateNames: number;
  readonly skews: number;
  /** Canonical text of the final documents, command look-ups left out. */
  readonly state: string;
}

export function historyOf(judged: readonly Judgement[]): History {
  const effects = new Map<string, number[]>();
  const attempts = new Set<string>();
  const owners = new Map<string, string>();
  const store = new MemoryStore();
  let duplicateNames = 0;
  let skews = 0;
  judged.forEach((judgement, position) => {
    if (!judgement.accepted || judgement.kind !== 1) return;
    const payload = decodeCommandPayload(judgement.payload);
    if (!payload.ok) return;
    const { commandId, reason, actor } = payload.value;
    effects.set(commandId, [...(effects.get(commandId) ?? []), position]);
    attempts.add(reason);
    for (const stored of payload.value.events) {
      if (!stored.known) continue;
      const { event } = stored;
      if (event.type === 'PrincipalRegistered') {
        const name = event.loginNames[0]?.blindIndex ?? '';
        if (owners.has(name)) duplicateNames++;
        owners.set(name, event.principal);
      }
      foldEvent(store, evolve, event, { tenant, actor, position, atMs: 0, reason });
    }
    if (broken(store)) skews++;
  });
  return { effects, attempts, duplicateNames, skews, state: stateOf(store) };
}

export function stateOf(store: MemoryStore): string {
  const documents = [...store.scan('')].filter(([text]) => !text.includes('/command:'));
  return JSON.stringify(documents);
}

/** Both of a pair off duty, or no admin left although there was one. */
function broken(store: MemoryStore): boolean {
  const at = (id: string): { off?: boolean } | undefined =>
    store.get(keyText({ tenant, kind: 'principal', id }));
  for (let pair = 0; pair < pairs; pair++) {
    if (at(`left${pair}`)?.off && at(`right${pair}`)?.off) return true;
  }
  const admins = store.get(keyText({ tenant, kind: 'admins', id: tenant })) as
    | { grants: readonly string[] }
    | undefined;
  return admins?.grants.length === 0;
}

export const pairs = 3;
