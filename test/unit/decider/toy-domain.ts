import type { Decide } from '#libs/decider/decide.js';
import { DocumentKind } from '#libs/decider/documents.js';
import { foldCommand } from '#libs/decider/fold-event.js';
import type { Evolve } from '#libs/decider/fold-event.js';
import type { CommandPorts, Draft, Outcome } from '#libs/decider/handle-command.js';
import { stateLedgerRules } from '#libs/decider/ledger-rules.js';
import { MemoryStore } from '#libs/decider/memory-store.js';
import { Failure } from '#libs/errors/failure.js';
import { decodeCommandPayload } from '#libs/events/codec.js';

/** The smallest domain that collides: groups with unique names. */
export interface CreateGroup {
  readonly type: 'CreateGroup';
  readonly group: string;
  readonly name: string;
}

const groups = new DocumentKind<{ name: string }>('group');
const names = new DocumentKind<{ group: string }>('groupname');

export const decideGroup: Decide<CreateGroup> = (command, view, facts) => {
  const taken = names.read(view, facts.tenant, command.name);
  if (taken?.group === command.group) return { events: [] };
  if (taken !== undefined) return { rejected: new Failure('NAME_TAKEN', 'taken') };
  return { events: [{ type: 'GroupCreated', group: command.group, name: command.name }] };
};

export const evolveGroup: Evolve = (event, documents, { tenant }) => {
  if (event.type !== 'GroupCreated') return;
  groups.put(documents, tenant, event.group, { name: event.name });
  names.put(documents, tenant, event.name, { group: event.group });
};

/** A ledger of one process: `verdicts` are handed out first, then everything is accepted. */
export class ToyLedger implements CommandPorts<CreateGroup> {
  readonly store = new MemoryStore();
  rules = stateLedgerRules;
  readonly drafts: Draft[] = [];
  readonly pauses: number[] = [];
  verdicts: Outcome[] = [];
  /** Runs before each verdict: what others appended meanwhile. */
  meanwhile: () => void = () => undefined;
  nowMs = 1_000;
  evolve: Evolve = evolveGroup;
  decide = decideGroup;
  quarantined: CommandPorts<CreateGroup>['quarantined'] = () => false;
  /** One entry per call: what an open record of the own instance keeps a command waiting for. */
  inTheWay: Promise<void>[] = [];
  authorise: CommandPorts<CreateGroup>['authorise'] = () => ({ permittedBy: ['r0'] });
  /** One entry per question; then the state has caught up. */
  confirmations: (() => Promise<boolean>)[] = [];
  readonly #payloads: Uint8Array[] = [];

  level = 1;

  featureLevel(): number {
    return this.level;
  }

  position(): number {
    return this.#payloads.length - 1;
  }

  logTimeMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return this.nowMs;
  }

  random(): number {
    return 0.5;
  }

  sleep(delayMs: number): Promise<void> {
    this.pauses.push(delayMs);
    return Promise.resolve();
  }

  clear(keys: readonly Uint8Array[]): Promise<void> | undefined {
    return keys.length === 0 ? undefined : this.inTheWay.shift();
  }

  confirm(): Promise<boolean> {
    return this.confirmations.shift()?.() ?? Promise.resolve(true);
  }

  submit(draft: Draft): Promise<Outcome> {
    this.drafts.push(draft);
    this.meanwhile();
    const verdict = this.verdicts.shift();
    return Promise.resolve(verdict ?? { verdict: 'accepted', position: this.append(draft) });
  }

  recorded(position: number): Promise<Uint8Array> {
    return Promise.resolve(this.#payloads[position] ?? new Uint8Array());
  }

  append(draft: Pick<Draft, 'payload'>): number {
    this.#payloads.push(draft.payload);
    const decoded = decodeCommandPayload(draft.payload);
    if (!decoded.ok) throw new TypeError(decoded.problem);
    const { tenant, actor, reason } = decoded.value;
    const context = { tenant, actor, reason, position: this.position(), atMs: this.nowMs };
    foldCommand(this.store, evolveGroup, decoded.value, context);
    return this.position();
  }
}
