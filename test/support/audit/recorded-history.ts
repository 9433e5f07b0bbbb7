import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { systemRandom } from '#libs/runtime/ids.js';
import { generateApiKey, type NewApiKey } from '#libs/tokens/api-key.js';
import { signAccessToken } from '#libs/tokens/sign-access-token.js';
import { generateSigningKey, type SigningKey } from '#libs/tokens/signing-key.js';
import {
  AuthorizerServiceService as methods,
  type AuthorizeRequest,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import {
  actions,
  arbitraryHistory,
  credentials,
  hashes,
  kids,
  moments,
  permissions,
  principals,
  resources,
} from '../../unit/access/arbitrary-history.js';
import type { Recorded } from '../../unit/access/naive-oracle.js';
import {
  audience,
  issuer,
  startAuthorizerWorld,
  type AuthorizerWorld,
} from '../authorizer/running-authorizer.js';
import { tenantWithCaller } from '../authorizer/seed-events.js';
import { SettableClock } from '../authorizer/settable-clock.js';

interface RandomQuestion {
  readonly kind: 'SUBJECT' | 'API_KEY' | 'TOKEN';
  readonly principal: string;
  readonly key: string;
  readonly kid: string;
  readonly action: string;
  readonly resource: string;
  readonly moment: number;
  /** How many questions more travel in the same call. */
  readonly together: number;
  /** A call of an API in place of action and resource. */
  readonly path: string | undefined;
}

const question: fc.Arbitrary<RandomQuestion> = fc.record({
  kind: fc.constantFrom('SUBJECT', 'SUBJECT', 'API_KEY', 'TOKEN'),
  principal: fc.constantFrom(...principals, ...principals, 'nobody'),
  key: fc.constantFrom(...hashes, ...hashes, 'lost'),
  kid: fc.constantFrom(...kids),
  action: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...permissions) },
    fc.constantFrom(...actions.filter((one) => one !== '')),
  ),
  resource: fc.constantFrom(...resources, 'a/b', 'a/b/c', 'a/b/c/d'),
  moment: fc.constantFrom(...moments),
  together: fc.constantFrom(0, 0, 1, 3),
  path: fc.constantFrom(undefined, undefined, undefined, '/a', '/x', '/A'),
});

const timeFields = ['expiresAtMs', 'untilMs', 'overlapUntilMs', 'retireAfterMs'];
const blob = { id: 'blob', sha256: 'none' };
const filled: Partial<Record<DomainEvent['type'], object>> = {
  TenantCreated: { slug: 't', displayName: '', blindIndexKey: blob },
  PrincipalRegistered: { loginNames: [], origin: 'ADMIN' },
  PermissionDefined: { resourceType: '', description: '' },
  PasswordSet: { params: 'p', cause: 'ADMIN', mustChange: false },
  RoleGranted: { admin: false },
  SigningKeyPublished: { privateKey: blob, activateNotBeforeMs: 0 },
};

/**
 * A real authorizer that follows a random history, with questions between its events, and writes all
 * its decisions into a file.
 */
export class RecordedHistory {
  readonly #clock = new SettableClock(Math.floor(Date.now() / 1000) * 1000);
  readonly #startMs = this.#clock.wallMs();
  readonly #keys = new Map<string, NewApiKey>();
  readonly #signing = new Map<string, SigningKey>();
  #world: AuthorizerWorld | undefined;
  #caller = '';
  /** Questions that got a decision. */
  answered = 0;

  async start(file: string): Promise<void> {
    for (const kid of kids) this.#signing.set(kid, await generateSigningKey('EdDSA'));
    const { events, apiKey } = tenantWithCaller('system', 'asker');
    this.#caller = apiKey;
    const sinks = [{ kind: 'file', path: file }] as const;
    this.#world = await startAuthorizerWorld(
      (seed) => seed.append(events, { tenant: 'system' }).then(() => {}),
      {
        injection: { clock: this.#clock },
        config: { decisionLog: { sinks, sample: 1, bufferLines: 16_384 } },
      },
    );
  }

  get world(): AuthorizerWorld {
    if (this.#world === undefined) throw new Error('it was not started');
    return this.#world;
  }

  /** Goes through random histories until so many decisions were made. */
  async run(seed: number, decisions: number): Promise<void> {
    for (let round = 0; this.answered < decisions; round++) {
      const [history = []] = fc.sample(arbitraryHistory, { seed: seed + round, numRuns: 1 });
      const asked = fc.sample(question, { seed: seed + round, numRuns: history.length * 2 });
      for (const recorded of history) {
        await this.#happen(recorded);
        for (const one of asked.splice(0, 2)) await this.#ask(one);
      }
    }
  }

  /** What happens to the system tenant would only keep the caller out. */
  async #happen({ tenant, event }: Recorded): Promise<void> {
    if (tenant === 'system' || (event.type === 'WatermarkRaised' && event.scope === 'ALL')) return;
    await this.world.seed.append([this.#real(event)], { tenant });
  }

  #real(event: DomainEvent): DomainEvent {
    const fields: Record<string, unknown> = { ...filled[event.type], ...event };
    for (const name of timeFields) {
      const value = fields[name];
      if (typeof value === 'number') fields[name] = value + this.#startMs;
    }
    if (event.type === 'PermissionDefined') {
      if (event.permission === 'orders:write') fields['risk'] = 'SENSITIVE';
      if (event.permission === 'users:read') fields['auditRequired'] = true;
    }
    if (event.type === 'PasswordSet') fields['version'] = event.version + 1;
    if (event.type === 'ApiKeyCreated') fields['sha256'] = this.#key(event.sha256).sha256;
    if ('kid' in event) fields['kid'] = this.#signing.get(event.kid)?.kid;
    if (event.type === 'SigningKeyPublished') {
      fields['publicJwk'] = this.#signing.get(event.kid)?.publicJwk;
    }
    if (event.type === 'SigningKeyActivated' && event.previousKid !== undefined) {
      fields['previousKid'] = this.#signing.get(event.previousKid)?.kid;
    }
    return fields as unknown as DomainEvent;
  }

  #key(symbol: string): NewApiKey {
    const known = this.#keys.get(symbol) ?? generateApiKey(systemRandom);
    this.#keys.set(symbol, known);
    return known;
  }

  async #ask(one: RandomQuestion): Promise<void> {
    this.#clock.set(this.#startMs + one.moment);
    const who = await this.#who(one);
    const request: AuthorizeRequest = { who, ...asked(one), consistency: undefined };
    try {
      if (one.together === 0) {
        await this.world.call(methods.authorize, request, this.#caller);
        this.answered += 1;
        return;
      }
      const requests = Array.from({ length: one.together + 1 }, () => request);
      const batch = { requests, consistency: undefined };
      await this.world.call(methods.batchAuthorize, batch, this.#caller);
      this.answered += requests.length;
    } catch {
      // Refused: nothing was decided, or it was undecided, and then the log tells.
    }
  }

  async #who(one: RandomQuestion): Promise<AuthorizeRequest['who']> {
    if (one.kind === 'SUBJECT') {
      return { $case: 'subject', value: { tenantId: 't', principalId: one.principal } };
    }
    if (one.kind === 'API_KEY') {
      const value = this.#key(one.key).text;
      return { $case: 'credential', value: { credential: { $case: 'apiKey', value } } };
    }
    const value = await this.#token(one);
    return { $case: 'credential', value: { credential: { $case: 'bearerToken', value } } };
  }

  #token(one: RandomQuestion): Promise<string> {
    const key = this.#signing.get(one.kid);
    if (key === undefined) throw new Error(`no signing key ${one.kid}`);
    const { position } = this.world.seed;
    const age = one.moment % 7;
    return signAccessToken(key, {
      issuer,
      subject: one.principal,
      tenant: 't',
      audience,
      issuedAtS: this.#startMs / 1000,
      expiresAtS: this.#startMs / 1000 + 2,
      tokenId: `${one.principal}-${position}`,
      scopes: one.moment % 3 === 0 ? ['orders:*'] : undefined,
      amr: ['pwd'],
      authTimeS: this.#startMs / 1000,
      ledger: {
        epoch: 1,
        position: Math.max(0, position - 3),
        authPosition: Math.max(0, position - age * 10),
        credential: credentials[one.moment % 4] ?? 'none',
      },
    });
  }
}

function asked({ action, resource, path }: RandomQuestion) {
  if (path === undefined) return { action, resource };
  const call = { $case: 'http', value: { method: 'GET', path } } as const;
  return {
    action: '',
    resource: '',
    endpoint: { api: 'shop', call, parameters: {}, tenantId: 't' },
  };
}

/** Lines of a file, without the last, empty one. */
export function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}
