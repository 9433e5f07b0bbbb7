import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { askAgain, type AskedAbout } from '#libs/history/ask-again.js';
import { TimeMachine } from '#libs/history/time-machine.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { SimulatedLog } from '#libs/ledger/simulated/simulated-log.js';
import { SimulatedStore } from '#libs/ledger/simulated/simulated-store.js';
import { systemClock } from '#libs/runtime/clock.js';
import { ledgerKey, LedgerSeed } from '../support/authorizer/ledger-seed.js';
import {
  readWorld,
  sha256Of,
  type Step,
  type WorldAsk,
  type WorldToken,
} from './decision-world.js';

/**
 * The golden worlds, asked about the past: the whole of each is in the ledger before the first question
 * is asked, and every question goes back to its own position, in an order of its own.
 */
const folder = new URL('decisions/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const log = 'auth.ledger.v1';

interface PastAsk {
  readonly about: AskedAbout;
  readonly position: number;
  readonly ask: WorldAsk;
}

interface Issued {
  readonly tenant: string;
  readonly token: WorldToken;
  readonly authPosition: number;
}

describe.each(files)('%s', (file) => {
  let machine: TimeMachine;
  let asks: readonly PastAsk[];

  beforeAll(async () => {
    ({ machine, asks } = await past(readWorld(new URL(file, folder)).steps));
  });

  it('answers every question as it was answered then', async () => {
    for (const { about, position, ask } of [...asks].reverse()) {
      const { action, resource, at } = ask;
      const place = await machine.find({ position, atMs: at });
      const answer = await machine.visit(place, ({ view, atMs }) =>
        askAgain(view, about, { action, resource, nowMs: atMs }),
      );
      expect([position, ask, answer.reason]).toEqual([position, ask, ask.expect]);
      expect(answer.validUntilMs).toBe(ask.validUntil ?? answer.validUntilMs);
    }
    expect(asks.length).toBeGreaterThan(0);
  });
});

/** Writes the world as a ledger and remembers where each question stood. */
async function past(
  steps: readonly Step[],
): Promise<{ readonly machine: TimeMachine; readonly asks: readonly PastAsk[] }> {
  const store = new SimulatedStore(() => 0);
  const handle = new SimulatedLog(log, store, systemClock);
  const seed = await LedgerSeed.begin(handle);
  const tokens = new Map<string, Issued>();
  const asks: PastAsk[] = [];
  for (const step of steps) {
    const { tenant } = step;
    switch (step.kind) {
      case 'event':
        await seed.append([whole(step.event)], { tenant });
        break;
      case 'token':
        tokens.set(step.token.name, { tenant, token: step.token, authPosition: seed.position });
        break;
      case 'quarantine': {
        const [kind, id] = step.key;
        await seed.poison([{ tenant, kind, id }]);
        break;
      }
      case 'ask':
        asks.push({
          about: aboutOf(tenant, step.ask, tokens),
          position: seed.position,
          ask: step.ask,
        });
    }
  }
  const macKeys = new MacKeys(log, new Map([[1, Buffer.from(ledgerKey, 'hex')]]));
  return { machine: new TimeMachine({ log: handle, macKeys }), asks };
}

/** What no decision rests on is left out in a world, but not in a record. */
function whole(event: DomainEvent): DomainEvent {
  if (event.type === 'ApiKeyCreated') return { ...event, prefix: 'abcdefgh' };
  if (event.type !== 'SigningKeyPublished') return event;
  return { ...event, privateKey: { id: 'blob', sha256: 'none' } };
}

function aboutOf(
  tenant: string,
  { who }: WorldAsk,
  tokens: ReadonlyMap<string, Issued>,
): AskedAbout {
  if ('subject' in who) return { kind: 'SUBJECT', tenant, principal: who.subject };
  if ('key' in who) return { kind: 'API_KEY', sha256: sha256Of(who.key) };
  const issued = tokens.get(who.token);
  if (issued === undefined) throw new Error(`no token "${who.token}" was issued`);
  const { token, authPosition } = issued;
  const { principal, client, kid, credential, scopes, until } = token;
  const facts = { tenant: issued.tenant, principal, client, kid, credential };
  return { kind: 'TOKEN', scopes, facts: { ...facts, authPosition, expiresAtMs: until } };
}
