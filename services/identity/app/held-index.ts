import { Failure } from '#libs/errors/failure.js';
import { systemTenant } from '#libs/events/envelope.js';
import type { HeldRevocation } from '#services/identity/ports/revocation-journal.js';

/** What is compared of one that is asked for. */
export type AskedRevocation = Omit<HeldRevocation, 'id'>;

/** The journal is written anew with each end. */
const mostHeld = 1_000;
const mostOfTenant = 500;
const mostOfActor = 250;

/** What waits for one ledger, as whatever else is asked for is compared with it. */
export class HeldIndex {
  readonly #texts = new Set<string>();
  /** By command id: which request it was. */
  readonly #requests = new Map<string, string>();
  readonly #counts = new Map<string, number>();
  #size = 0;

  add(held: HeldRevocation): void {
    this.#texts.add(textOf(held));
    if (held.call.commandId !== '') this.#requests.set(idOf(held), requestOf(held));
    this.#count(held, 1);
  }

  delete(held: HeldRevocation): void {
    this.#texts.delete(textOf(held));
    this.#requests.delete(idOf(held));
    this.#count(held, -1);
  }

  /**
   * Whether the same is held already, by the same right. Throws COMMAND_ID_REUSED: the ledger, which
   * would say so, is told of both only later.
   */
  holds(asked: AskedRevocation): boolean {
    const { commandId } = asked.call;
    const request = commandId === '' ? undefined : this.#requests.get(idOf(asked));
    if (request === requestOf(asked)) return true;
    if (request === undefined) return this.#texts.has(textOf(asked));
    throw new Failure('COMMAND_ID_REUSED', 'this idempotency key was used for another request');
  }

  /** Nobody uses up the room of others; operators of the cell have their own. */
  hasRoom({ call: { actor } }: AskedRevocation): boolean {
    const { tenant, principal } = actor;
    if (tenant === systemTenant) return this.#countOf([tenant]) < mostHeld;
    const others = this.#size - this.#countOf([systemTenant]);
    if (others >= mostHeld || this.#countOf([tenant]) >= mostOfTenant) return false;
    return this.#countOf([tenant, principal]) < mostOfActor;
  }

  #count({ call: { actor } }: HeldRevocation, by: 1 | -1): void {
    this.#size += by;
    for (const whose of [[actor.tenant], [actor.tenant, actor.principal]]) {
      const count = this.#countOf(whose) + by;
      if (count > 0) this.#counts.set(whose.join('\n'), count);
      else this.#counts.delete(whose.join('\n'));
    }
  }

  #countOf(whose: readonly string[]): number {
    return this.#counts.get(whose.join('\n')) ?? 0;
  }
}

/** One of L is judged again by the right of who asked: what somebody else asks for is another one. */
function textOf({ call: { tenant, actor }, command, asked }: AskedRevocation): string {
  if (asked === undefined) return JSON.stringify([tenant, command]);
  const { method, limits, apiKey } = asked;
  return JSON.stringify([tenant, command, actor, method, limits, apiKey]);
}

function idOf({ call: { tenant, actor, commandId } }: AskedRevocation): string {
  return JSON.stringify([tenant, actor.tenant, actor.principal, commandId]);
}

function requestOf({ call: { requestDigest }, command: { type } }: AskedRevocation): string {
  return `${type} ${requestDigest}`;
}
