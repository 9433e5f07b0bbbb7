import { explain } from '#libs/access/evaluate/explain.js';
import { listPermissions, type HeldPermission } from '#libs/access/evaluate/list-permissions.js';
import { ALLOW, QUARANTINED, reasonName, type ReasonName } from '#libs/access/reason-code.js';
import { Failure, invalid } from '#libs/errors/failure.js';
import { accessChanges, type AccessChange } from '#libs/history/access-changes.js';
import { askAgain, outcomeOf } from '#libs/history/ask-again.js';
import { ChangeCauses } from '#libs/history/change-causes.js';
import { withEvents, type Explained, type Ruled } from '#libs/history/explained.js';
import { eventsIn, historyOf, type Cursor, type History } from '#libs/history/history-of.js';
import { LedgerRecords } from '#libs/history/ledger-records.js';
import type { Moment, Place, When } from '#libs/history/moment.js';
import { nextTurn } from '#libs/history/replay.js';
import type { RecordedEvent } from '#libs/history/recorded-events.js';
import type { Part } from '#libs/history/smallest-texts.js';
import { TimeMachine } from '#libs/history/time-machine.js';
import { whoCan, type WhoCan } from '#libs/history/who-can.js';
import type { AnyLedgerSession } from '#services/identity/app/ledger-session.js';

/** Could this principal do this? */
export interface PastQuestion {
  readonly tenant: string;
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
}

export interface PastAnswer extends Ruled {
  readonly reason: ReasonName;
  /** Earliest time at which expiry alone could change it; Infinity: never. */
  readonly validUntilMs: number;
  readonly place: ChainedPlace;
}

/** Where an answer about the past was found. */
export interface ChainedPlace extends Place {
  readonly chain: Uint8Array;
}

export interface PastPermissions {
  readonly permissions: readonly HeldPermission[];
  readonly more: boolean;
  /** Why nothing at all; `undefined`: something might be held. */
  readonly reason: ReasonName | undefined;
}

export interface Difference {
  readonly changes: readonly (AccessChange & { readonly events: readonly RecordedEvent[] })[];
  readonly more: boolean;
  readonly undecided: number;
  readonly from: ChainedPlace;
  readonly to: ChainedPlace;
}

/** Records between two turns of the event loop while a stretch is searched. */
const recordsATurn = 256;

/** Questions about any moment of the ledger. All reject like `TimeMachine`. */
export class PastQuestions {
  readonly #machine: TimeMachine;
  readonly #records: LedgerRecords;

  constructor(machine: TimeMachine, records: LedgerRecords) {
    this.#machine = machine;
    this.#records = records;
  }

  /** Where a moment lies; throws INVALID_ARGUMENT for what is not in the ledger. */
  find(when: When, signal: AbortSignal): Promise<Place> {
    return this.#machine.find(when, signal);
  }

  /** What an authorizer would have answered for a bare subject. Rejects QUARANTINED like it. */
  check(question: PastQuestion, place: Place, signal: AbortSignal): Promise<PastAnswer> {
    return this.#machine.visit(place, (moment) => answerOf(question, moment), signal);
  }

  async explain(
    question: PastQuestion,
    place: Place,
    signal: AbortSignal,
  ): Promise<Explained<PastAnswer>> {
    const { tenant, principal, action } = question;
    const answered = await this.#machine.visit(
      place,
      (moment) => {
        const answer = answerOf(question, moment);
        const evidence = explain(moment.view, { ...question, nowMs: moment.atMs });
        return { answer, evidence };
      },
      signal,
    );
    const ids = new Set([principal, tenant, action]);
    return withEvents(this.#records, { ...answered, action: question, ids });
  }

  whoCan(
    question: Omit<PastQuestion, 'principal'>,
    place: Place,
    part: Part,
    signal: AbortSignal,
  ): Promise<WhoCan & { readonly place: ChainedPlace }> {
    const ask = { ...question, nowMs: place.atMs };
    return this.#machine.visit(
      place,
      async (moment) => ({ ...(await whoCan(moment.view, ask, part)), place: placeOf(moment) }),
      signal,
    );
  }

  /** `resource`: only permissions that held on it; `undefined`: on any. Rejects QUARANTINED. */
  whatCan(
    question: Pick<PastQuestion, 'tenant' | 'principal'> & { resource: string | undefined },
    place: Place,
    part: Part,
    signal: AbortSignal,
  ): Promise<PastPermissions & { readonly place: ChainedPlace }> {
    return this.#machine.visit(
      place,
      (moment) => ({ ...permissionsOf(question, moment, part), place: placeOf(moment) }),
      signal,
    );
  }

  /**
   * What changed in access between two moments, and because of which events. Throws INVALID_ARGUMENT
   * when the first is not the earlier one. Keeps both states in memory meanwhile.
   */
  async diff(
    about: { readonly tenant: string; readonly principal: string | undefined },
    [from, to]: readonly [from: Place, to: Place],
    part: Part,
    signal: AbortSignal,
  ): Promise<Difference> {
    if (from.position > to.position || from.atMs > to.atMs) {
      throw invalid({ field: 'from', description: 'lies after "to"' });
    }
    const found = await this.#machine.visit(
      from,
      (earlier) => this.#machine.visit(to, (later) => compare(earlier, later, about, part), signal),
      signal,
    );
    const { causes, changes, ...rest } = found;
    if (changes.length > 0) await this.#findCauses(causes, about.tenant, from, to, signal);
    const events = causes.events;
    return { ...rest, changes: changes.map((one, at) => ({ ...one, events: events[at] ?? [] })) };
  }

  /** Every event about an id, oldest first, up to what is known now. */
  history(
    about: { readonly tenant: string; readonly id: string },
    part: { readonly after: Cursor; readonly size: number; readonly upTo: number },
    signal: AbortSignal,
  ): Promise<History> {
    return historyOf(this.#machine, about, part, signal);
  }

  async #findCauses(
    causes: ChangeCauses,
    tenant: string,
    from: Place,
    to: Place,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const judged of this.#machine.records(from.position, to.position, signal)) {
      if (judged.position % recordsATurn === 0) await nextTurn();
      for (const recorded of eventsIn(judged, tenant) ?? []) causes.take(recorded);
    }
  }
}

/** Those of the ledger that a session follows: as far as it has read, and only its own history. */
export function pastOf(ledger: AnyLedgerSession): PastQuestions {
  const { reader, source, origin } = ledger;
  const machine = new TimeMachine({
    ...source,
    ...(origin && { origin }),
    last: () => reader.position,
    chainAt: (position) => reader.window.chainAt(position),
  });
  return new PastQuestions(machine, new LedgerRecords(source.log, () => reader.window));
}

async function compare(
  earlier: Moment,
  later: Moment,
  about: { readonly tenant: string; readonly principal: string | undefined },
  part: Part,
): Promise<
  Omit<Difference, 'changes'> & {
    readonly changes: readonly AccessChange[];
    readonly causes: ChangeCauses;
  }
> {
  const found = await accessChanges(earlier, later, about, part);
  const causes = new ChangeCauses(about.tenant, earlier, later, found.changes);
  return { ...found, causes, from: placeOf(earlier), to: placeOf(later) };
}

function answerOf(question: PastQuestion, moment: Moment): PastAnswer {
  const { tenant, principal, action, resource } = question;
  const about = { kind: 'SUBJECT', tenant, principal } as const;
  const ask = { action, resource, nowMs: moment.atMs };
  const { reason, validUntilMs } = askAgain(moment.view, about, ask);
  if (reason === 'QUARANTINED') throw undecided();
  const place = placeOf(moment);
  return { outcome: outcomeOf(reason), reason, tenant, principal, validUntilMs, place };
}

function permissionsOf(
  question: Pick<PastQuestion, 'tenant' | 'principal'> & { resource: string | undefined },
  { view, atMs }: Moment,
  part: Part,
): PastPermissions {
  const { code, permissions } = listPermissions(view, { ...question, nowMs: atMs });
  if (code === QUARANTINED) throw undecided();
  const rest = permissions.filter(({ permission }) => permission > part.after);
  return {
    permissions: rest.slice(0, part.size),
    more: rest.length > part.size,
    reason: code === ALLOW ? undefined : reasonName(code),
  };
}

function placeOf({ position, atMs, chain }: Moment): ChainedPlace {
  return { position, atMs, chain };
}

function undecided(): Failure {
  return new Failure('QUARANTINED', 'a newer build wrote what this rests on: ask that one');
}
