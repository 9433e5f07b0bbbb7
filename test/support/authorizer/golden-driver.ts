import type { EventLog } from '#libs/ledger/event-log.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { KeyKind } from '#libs/events/keys.js';
import { systemRandom } from '#libs/runtime/ids.js';
import { generateApiKey, type NewApiKey } from '#libs/tokens/api-key.js';
import { signAccessToken } from '#libs/tokens/sign-access-token.js';
import { generateSigningKey, type SigningKey } from '#libs/tokens/signing-key.js';
import {
  AuthorizerServiceService as methods,
  type AuthorizeRequest,
  type AuthorizeResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import {
  sha256Of,
  type Step,
  type WorldAsk,
  type WorldToken,
} from '../../golden/decision-world.js';
import type { LedgerSeed } from './ledger-seed.js';
import {
  audience,
  issuer,
  refusalOf,
  startAuthorizerWorld,
  type AuthorizerWorld,
} from './running-authorizer.js';
import { tenantWithCaller } from './seed-events.js';
import { SettableClock } from './settable-clock.js';

/** What an authorizer said to a question: alone, in a batch, and when it explains. */
export interface GoldenAnswer {
  readonly reason: string;
  readonly outcome: 'ALLOW' | 'DENY' | 'CANNOT_DECIDE';
  /** ms after the start of the world; Infinity: never; undefined: nothing was decided. */
  readonly validUntilMs: number | undefined;
}

export interface GoldenAnswers {
  readonly alone: GoldenAnswer;
  readonly batched: GoldenAnswer;
  readonly explained: GoldenAnswer;
}

const timeFields = ['expiresAtMs', 'oldExpiresAtMs', 'untilMs', 'overlapUntilMs', 'retireAfterMs'];
const anHourMs = 3_600_000;

/**
 * Drives a golden world through a running authorizer: every event becomes a record of a real ledger,
 * keys and tokens are real ones, the clock stands where the question says. The asker is a service
 * account of the system tenant.
 */
export class GoldenDriver {
  /** Start of the world, on a whole second: tokens expire on whole seconds. */
  readonly #startMs: number;
  readonly #clock: SettableClock;
  readonly #apiKeys = new Map<string, NewApiKey>();
  readonly #signingKeys = new Map<string, SigningKey>();
  readonly #tokens = new Map<string, string>();
  readonly #world: AuthorizerWorld;
  readonly #caller: string;

  private constructor(start: { world: AuthorizerWorld; caller: string; clock: SettableClock }) {
    this.#world = start.world;
    this.#caller = start.caller;
    this.#clock = start.clock;
    this.#startMs = start.clock.wallMs();
  }

  static async start(log: EventLog, topicPrefix: string): Promise<GoldenDriver> {
    const { events, apiKey } = tenantWithCaller('system', 'golden-asker');
    const clock = new SettableClock(Math.floor(Date.now() / 1000) * 1000);
    const fill = (seed: LedgerSeed) => seed.append(events, { tenant: 'system' }).then(() => {});
    const world = await startAuthorizerWorld(fill, {
      log,
      config: { topicPrefix },
      injection: { clock },
    });
    return new GoldenDriver({ world, caller: apiKey, clock });
  }

  close(): Promise<void> {
    return this.#world.closeAll();
  }

  /** Everything but questions: the history goes on. */
  async apply(step: Exclude<Step, { kind: 'ask' }>): Promise<void> {
    const { seed } = this.#world;
    switch (step.kind) {
      case 'event': {
        const event = await this.#realEvent(step.event);
        await seed.append([event], { tenant: step.tenant });
        return;
      }
      case 'token':
        this.#tokens.set(step.token.name, await this.#issue(step.tenant, step.token));
        return;
      case 'quarantine':
        await seed.poison([{ tenant: step.tenant, ...(await this.#realKey(step.key)) }]);
    }
  }

  async ask(tenant: string, ask: WorldAsk): Promise<GoldenAnswers> {
    this.#clock.set(this.#startMs + ask.at);
    const request: AuthorizeRequest = {
      who: this.#who(tenant, ask),
      action: ask.action,
      resource: ask.resource,
      consistency: undefined,
    };
    const fresh = {
      requirement: { $case: 'atLeastAsFresh', value: this.#world.seed.token() },
    } as const;
    const alone = await this.#outcome(() =>
      this.#world.call(methods.authorize, { ...request, consistency: fresh }, this.#caller),
    );
    const batched = await this.#outcome(async () => {
      const batch = { requests: [request], consistency: fresh };
      const { responses } = await this.#world.call(methods.batchAuthorize, batch, this.#caller);
      return responses[0]!;
    });
    const explained = await this.#outcome(async () => {
      const explain = { ...request, consistency: fresh };
      return (await this.#world.call(methods.explain, explain, this.#caller)).answer!;
    });
    return { alone, batched, explained };
  }

  async #outcome(ask: () => Promise<AuthorizeResponse>): Promise<GoldenAnswer> {
    try {
      const { decision, reason, validUntilMs } = await ask();
      const outcome = (['CANNOT_DECIDE', 'ALLOW', 'DENY'] as const)[decision as 0 | 1 | 2];
      const ends = Number(validUntilMs);
      if (outcome === 'CANNOT_DECIDE') return { reason, outcome, validUntilMs: undefined };
      // A token that ends with its own hour has no end as far as the world is concerned.
      const never = ends === 0 || ends - this.#startMs >= anHourMs;
      return { reason, outcome, validUntilMs: never ? Infinity : ends - this.#startMs };
    } catch (thrown) {
      const { reason } = refusalOf(thrown);
      return { reason, outcome: 'CANNOT_DECIDE', validUntilMs: undefined };
    }
  }

  #who(tenant: string, { who }: WorldAsk): AuthorizeRequest['who'] {
    if ('subject' in who) {
      return { $case: 'subject', value: { tenantId: tenant, principalId: who.subject } };
    }
    if ('key' in who) {
      const credential = { $case: 'apiKey', value: this.#apiKey(who.key).text } as const;
      return { $case: 'credential', value: { credential } };
    }
    const value = this.#tokens.get(who.token);
    if (value === undefined) throw new Error(`no token "${who.token}" was issued`);
    return { $case: 'credential', value: { credential: { $case: 'bearerToken', value } } };
  }

  #apiKey(symbol: string): NewApiKey {
    const known = this.#apiKeys.get(symbol) ?? generateApiKey(systemRandom);
    this.#apiKeys.set(symbol, known);
    return known;
  }

  async #signingKey(symbol: string): Promise<SigningKey> {
    const known = this.#signingKeys.get(symbol) ?? (await generateSigningKey('EdDSA'));
    this.#signingKeys.set(symbol, known);
    return known;
  }

  /** The event with real keys, and with times of this world instead of its own. */
  async #realEvent(event: DomainEvent): Promise<DomainEvent> {
    const fields: Record<string, unknown> = { ...event };
    for (const name of timeFields) {
      const value = fields[name];
      if (typeof value === 'number') fields[name] = value + this.#startMs;
    }
    if (event.type === 'ApiKeyCreated') {
      const key = this.#apiKey(event.credential);
      Object.assign(fields, { sha256: key.sha256, prefix: key.text.slice(4, 12) });
    }
    if ('kid' in event) {
      const key = await this.#signingKey(event.kid);
      Object.assign(fields, { kid: key.kid });
      if (event.type === 'SigningKeyPublished') {
        const privateKey = { id: 'blob', sha256: 'none' };
        Object.assign(fields, { publicJwk: key.publicJwk, privateKey, issuer });
      }
      if (event.type === 'SigningKeyActivated' && event.previousKid !== undefined) {
        fields['previousKid'] = (await this.#signingKey(event.previousKid)).kid;
      }
    }
    return fields as unknown as DomainEvent;
  }

  async #realKey([kind, id]: [KeyKind, string]): Promise<{ kind: KeyKind; id: string }> {
    if (kind === 'apikey') {
      const symbol = [...this.#apiKeys.keys(), 'lost'].find((key) => sha256Of(key) === id);
      return { kind, id: this.#apiKey(symbol ?? id).sha256 };
    }
    if (kind === 'key') return { kind, id: (await this.#signingKey(id)).kid };
    return { kind, id };
  }

  async #issue(tenant: string, token: WorldToken): Promise<string> {
    const { position } = this.#world.seed;
    const untilMs = this.#startMs + Math.min(token.until, anHourMs);
    return signAccessToken(await this.#signingKey(token.kid), {
      issuer,
      subject: token.principal,
      tenant,
      audience,
      issuedAtS: this.#startMs / 1000,
      expiresAtS: untilMs / 1000,
      tokenId: token.name,
      scopes: token.scopes.length === 0 ? undefined : token.scopes,
      amr: ['pwd'],
      authTimeS: this.#startMs / 1000,
      ledger: {
        epoch: 1,
        position,
        authPosition: position,
        credential: token.credential || 'none',
      },
    });
  }
}
