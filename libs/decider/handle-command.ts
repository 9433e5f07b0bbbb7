import { Failure } from '#libs/errors/failure.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { decodeCommandPayload, encodeCommandPayload, type Decoded } from '#libs/events/codec.js';
import type { Actor, CommandPayload } from '#libs/events/envelope.js';
import { foundingLevel, levelOf } from '#libs/events/feature-levels.js';
import { commandKey, featureLevelKey, keyText, keysOf } from '#libs/events/keys.js';
import type { Key } from '#libs/events/keys.js';
import { knownHashOf } from '#libs/events/known-hashes.js';
import type { AnyCommand, Decide } from './decide.js';
import { foldCommand } from './fold-event.js';
import type { CommandRecord, Evolve } from './fold-event.js';
import type { LedgerRules } from './ledger-rules.js';
import { OverlayStore } from './overlay-store.js';
import type { StateStore } from './state-store.js';
import { TrackedView } from './tracked-view.js';

/** Who asks, and how a repetition of the same request is recognised. */
export interface CommandEnvelope {
  readonly tenant: string;
  readonly actor: Actor;
  /** The caller's idempotency key, unique for the actor; `''`: a repetition is a new command. */
  readonly commandId: string;
  /** Keyed digest of the request without its secrets. */
  readonly requestDigest: string;
  readonly reason: string;
  readonly traceparent: string;
}

/** A record to append. Keys are 16-byte hashes, each once; the writer adds its `writer:` key. */
export interface Draft {
  readonly tenant: string;
  /** Position of the state that was decided on; -1 before the first record. */
  readonly basedOn: number;
  readonly reads: readonly Uint8Array[];
  readonly writes: readonly Uint8Array[];
  readonly payload: Uint8Array;
  /** What the payload says, as every reader will decode it. */
  readonly decoded: Decoded<CommandPayload>;
}

export type Outcome =
  | { readonly verdict: 'accepted'; readonly position: number }
  | { readonly verdict: 'void'; readonly reason: string };

/** Why the actor may: losing any of it voids the command. */
export interface Permit {
  /** Roles, in the actor's tenant, that say so. */
  readonly permittedBy: readonly string[];
  /** Further keys that it rests on: the actor's credential, a group that a grant came by. */
  readonly reads?: readonly Key[];
}

/** May this actor do this? */
export type Authorise<C> = (
  command: C,
  envelope: CommandEnvelope,
) => Permit | { readonly rejected: Failure };

export interface CommandPorts<C extends AnyCommand> {
  /** Those of the ledger that is written to. */
  readonly rules: LedgerRules;
  /** The folded state. Does not move while the loop runs synchronously. */
  readonly store: Pick<StateStore, 'get'>;
  /** The key was written by a record that could not be understood: nothing may be decided on it. */
  quarantined(key: Key): boolean;
  /** Position of the last record that is folded into `store`; -1 when none is. */
  position(): number;
  /** Newest time, by the log's clock, of the records folded so far, ms: log time. */
  logTimeMs(): number;
  /** What the cell's ledgers may hold, as far as is known here. */
  featureLevel(): number;
  readonly authorise: Authorise<C>;
  readonly decide: Decide<C>;
  readonly evolve: Evolve;
  /** Resolves once no own open record writes one of these keys; undefined when none does. */
  clear(keys: readonly Uint8Array[]): Promise<void> | undefined;
  /**
   * True: the state, as it was when this was called, held everything that the log held. False: it did
   * not, and does now. Rejects when neither can be known.
   */
  confirm(): Promise<boolean>;
  /** Resolves when the own reader has seen the record; rejects when its fate stays unknown. */
  submit(draft: Draft): Promise<Outcome>;
  /** Payload of the accepted record at a position. */
  recorded(position: number): Promise<Uint8Array>;
  /** Wall time, ms since the Unix epoch. */
  wallMs(): number;
  sleep(delayMs: number): Promise<void>;
  /** Uniform in [0, 1): spreads the attempts of instances that collide. */
  random(): number;
}

export interface CommandResult {
  /** Where the events stand; the state's position when there was nothing to change. */
  readonly position: number;
  readonly events: readonly DomainEvent[];
  /** The command had been executed before: nothing was appended now. */
  readonly replayed: boolean;
}

/** Ids of commands are remembered until both log time and the own clock are an hour further. */
export const commandIdLifetimeMs = 3_600_000;
export const maxAttempts = 8;
const maxKeys = 255;
const maxPayloadBytes = 240 * 1024;
const firstPauseMs = 2;

/**
 * Looks up the command's id, authorises, decides, appends, and waits for the verdict of the own
 * reader; a void record is decided again on the fresh state. What appends nothing (a refusal, or
 * nothing to change) is judged by no log, so it is said only of a state that had caught up when it
 * was decided. Rejects with the decider's Failure, with CONFLICT after `maxAttempts`, or with what
 * `submit` rejects with.
 */
export async function handleCommand<C extends AnyCommand>(
  ports: CommandPorts<C>,
  command: C,
  envelope: CommandEnvelope,
): Promise<CommandResult> {
  let caughtUp = false;
  let touched: readonly Uint8Array[] = [];
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    // Asked again before anything is decided: of a thousand commands on one thing, each decides twice
    // and not a thousand times. No turn of the event loop may lie between this and `submit`.
    const ahead = ports.clear(touched);
    if (ahead !== undefined) {
      await ahead;
      attempt -= 1;
      continue;
    }
    const known = knownPosition(ports, command, envelope);
    if (known !== undefined) return replay(ports, known);
    const position = ports.position();
    const prepared = prepareOrRefuse(ports, command, envelope);
    if ('rejected' in prepared || prepared.draft === undefined) {
      if (!caughtUp && !(await confirmed(ports, prepared))) {
        caughtUp = true;
        attempt -= 1;
        continue;
      }
      if ('rejected' in prepared) throw prepared.rejected;
      return { position, events: prepared.events, replayed: false };
    }
    const { draft, events } = prepared;
    touched = [...draft.reads, ...draft.writes];
    const inTheWay = ports.clear(touched);
    if (inTheWay !== undefined) {
      await inTheWay;
      attempt -= 1;
      continue;
    }
    const outcome = await ports.submit(draft);
    if (outcome.verdict === 'accepted') {
      return { position: outcome.position, events, replayed: false };
    }
    if (outcome.reason === 'sealed') {
      throw new Failure('LEDGER_SEALED', 'the ledger is sealed and takes no more commands');
    }
    if (attempt < maxAttempts) {
      await ports.sleep(firstPauseMs * 2 ** (attempt - 1) * ports.random());
    }
  }
  throw new Failure(
    'CONFLICT',
    'others kept changing the same things; this attempt did not count, retry with the same id',
  );
}

/** Position at which this very command was executed. Throws COMMAND_ID_REUSED for another one. */
function knownPosition<C extends AnyCommand>(
  ports: CommandPorts<C>,
  command: C,
  envelope: CommandEnvelope,
): number | undefined {
  const { tenant, actor, commandId, requestDigest } = envelope;
  if (commandId === '') return undefined;
  const text = keyText(commandKey(tenant, actor, commandId));
  const record = ports.store.get(text) as CommandRecord | undefined;
  const nowMs = Math.min(ports.logTimeMs(), ports.wallMs());
  if (record === undefined || nowMs - record.atMs > commandIdLifetimeMs) return undefined;
  if (record.command === command.type && record.requestDigest === requestDigest) {
    return record.position;
  }
  throw new Failure('COMMAND_ID_REUSED', 'this idempotency key was used for another request');
}

async function replay<C extends AnyCommand>(
  ports: CommandPorts<C>,
  position: number,
): Promise<CommandResult> {
  const decoded = decodeCommandPayload(await ports.recorded(position));
  if (!decoded.ok) throw new Failure('QUARANTINED', `record ${position}: ${decoded.problem}`);
  const events = decoded.value.events.flatMap((stored) => (stored.known ? [stored.event] : []));
  return { position, events, replayed: true };
}

interface Prepared {
  /** Absent when there is nothing to change. */
  readonly draft: Draft | undefined;
  readonly events: readonly DomainEvent[];
}

/** A refusal stands also while the log cannot be asked; that nothing has to change does not. */
async function confirmed<C extends AnyCommand>(
  ports: CommandPorts<C>,
  prepared: object,
): Promise<boolean> {
  try {
    return await ports.confirm();
  } catch (error) {
    const unknown = error instanceof Failure && error.reason === 'LEDGER_UNAVAILABLE';
    if (unknown && 'rejected' in prepared) return true;
    throw error;
  }
}

function prepareOrRefuse<C extends AnyCommand>(
  ports: CommandPorts<C>,
  command: C,
  envelope: CommandEnvelope,
): Prepared | { readonly rejected: Failure } {
  try {
    return prepare(ports, command, envelope);
  } catch (error) {
    if (error instanceof Failure) return { rejected: error };
    throw error;
  }
}

/** One synchronous step on one state: authorise, decide, encode, try out. */
function prepare<C extends AnyCommand>(
  ports: CommandPorts<C>,
  command: C,
  envelope: CommandEnvelope,
): Prepared {
  const { tenant, actor, commandId } = envelope;
  const permit = ports.authorise(command, envelope);
  if ('rejected' in permit) throw permit.rejected;
  const { permittedBy } = permit;
  const defaults = ports.rules.defaultReads({ tenant, actor, commandId, permittedBy });
  const view = new TrackedView(ports.store, (key) => ports.quarantined(key));
  for (const key of [...defaults, ...(permit.reads ?? [])]) view.get(key);
  const nowMs = ports.wallMs();
  const decision = ports.decide(command, view, { tenant, actor, nowMs });
  if ('rejected' in decision) throw decision.rejected;
  const { events } = decision;
  if (events.length === 0) return { draft: undefined, events };
  requireHeld(ports.rules, events);
  const needed = needsLevel(events, ports.featureLevel());
  if (needed > foundingLevel && ports.rules.hasLevels) view.get(featureLevelKey);
  const basedOn = ports.position();
  const { payload, decoded } = tried(ports, payloadOf(command, envelope, events), nowMs);
  const writes = new Map<string, Key>();
  for (const event of events) {
    for (const key of keysOf(event, tenant)) writes.set(keyText(key), key);
  }
  if (commandId !== '') {
    const key = commandKey(tenant, actor, commandId);
    writes.set(keyText(key), key);
  }
  const draft: Draft = {
    tenant,
    basedOn,
    reads: hashes(view.looked),
    writes: hashes(writes),
    payload,
    decoded,
  };
  if (draft.reads.length + draft.writes.length > maxKeys || payload.length > maxPayloadBytes) {
    throw new Failure('LIMIT_REACHED', 'the command is too large; do it in several steps');
  }
  return { draft, events };
}

function requireHeld(rules: LedgerRules, events: readonly DomainEvent[]): void {
  const foreign = events.find((event) => !rules.holds(event));
  if (foreign === undefined) return;
  throw new Failure('INTERNAL', `${foreign.type} belongs to another ledger`);
}

/**
 * The highest level that the events need. Throws WRONG_STATE above `level`: readers of the build before
 * would have to quarantine what such an event touches.
 */
function needsLevel(events: readonly DomainEvent[], level: number): number {
  const needed = Math.max(...events.map((event) => levelOf(event)));
  if (needed <= level) return needed;
  throw new Failure(
    'WRONG_STATE',
    `this needs feature level ${needed}, and the ledger is at ${level}: once every service runs ` +
      'this version, raise it with "ledgate level raise"',
    { facts: { level: String(level), needed: String(needed) } },
  );
}

function payloadOf(
  command: AnyCommand,
  envelope: CommandEnvelope,
  events: readonly DomainEvent[],
): CommandPayload {
  return {
    tenant: envelope.tenant,
    actor: envelope.actor,
    command: command.type,
    commandId: envelope.commandId,
    requestDigest: envelope.requestDigest,
    reason: envelope.reason,
    traceparent: envelope.traceparent,
    events: events.map((event) => ({ known: true, event })),
  };
}

/** Encodes, decodes the bytes and applies them to a scratch state: what cannot be applied stays here. */
function tried<C extends AnyCommand>(
  ports: CommandPorts<C>,
  payload: CommandPayload,
  atMs: number,
): Pick<Draft, 'payload' | 'decoded'> {
  const bytes = encodeCommandPayload(payload);
  const decoded = decodeCommandPayload(bytes);
  if (!decoded.ok) throw new Failure('INTERNAL', `undecodable command: ${decoded.problem}`);
  const { tenant, actor, reason } = payload;
  const position = ports.position() + 1;
  const context = { tenant, actor, position, atMs, reason };
  foldCommand(new OverlayStore(ports.store), ports.evolve, decoded.value, context);
  return { payload: bytes, decoded };
}

function hashes(keys: ReadonlyMap<string, Key>): Uint8Array[] {
  return Array.from(keys, ([text, key]) => knownHashOf(key, text));
}
