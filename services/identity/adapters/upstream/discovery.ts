import type { Clock } from '#libs/runtime/clock.js';
import { outboundJson, unreachable } from '../outbound/outbound-json.js';

/** What a provider says of itself (OpenID Connect Discovery, section 3). */
export interface ProviderFacts {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly jwksUri: string;
  /** RFC 9207: it names itself in each answer. */
  readonly namesItself: boolean;
  /** The client's secret goes into the form, as it takes no Basic header. */
  readonly secretInForm: boolean;
}

export type Jwks = { readonly keys: Record<string, unknown>[] };

interface Kept<T> {
  readonly untilMs: number;
  readonly value: Promise<T>;
}

/** So long is kept what a provider says, ms; and that it did not answer. */
const keptMs = 300_000;
const failedMs = 5_000;
/** Keys are asked for anew because of an unknown one this often at most, ms. */
const freshKeysMs = 10_000;
/** Providers kept at once; the oldest is forgotten first. */
const mostKept = 1_000;

/** Asks providers about themselves, and remembers the answers for a while. */
export class Discovery {
  readonly #clock: Clock;
  readonly #allowPrivate: boolean;
  readonly #facts = new Map<string, Kept<ProviderFacts>>();
  readonly #keys = new Map<string, Kept<Jwks> & { readonly sinceMs: number }>();

  constructor(clock: Clock, allowPrivate: boolean) {
    this.#clock = clock;
    this.#allowPrivate = allowPrivate;
  }

  /** Rejects NOT_READY. */
  facts(issuer: string): Promise<ProviderFacts> {
    const nowMs = this.#clock.monotonicMs();
    const kept = this.#facts.get(issuer);
    if (kept !== undefined && kept.untilMs > nowMs) return kept.value;
    const value = this.#ask(`${issuer.replace(/\/$/u, '')}/.well-known/openid-configuration`).then(
      (body) => factsOf(body, issuer),
    );
    this.#keep(this.#facts, issuer, { untilMs: nowMs + keptMs, value });
    return value;
  }

  /** `anew`: a token names a key that is not among those known. Rejects NOT_READY. */
  keys(uri: string, anew: boolean): Promise<Jwks> {
    const nowMs = this.#clock.monotonicMs();
    const kept = this.#keys.get(uri);
    const tooSoon = kept !== undefined && kept.sinceMs + freshKeysMs > nowMs;
    if (kept !== undefined && kept.untilMs > nowMs && (!anew || tooSoon)) return kept.value;
    const value = this.#ask(uri).then(keysOf);
    this.#keep(this.#keys, uri, { sinceMs: nowMs, untilMs: nowMs + keptMs, value });
    return value;
  }

  async #ask(url: string): Promise<Readonly<Record<string, unknown>>> {
    const { status, body } = await outboundJson({ url, allowPrivate: this.#allowPrivate });
    if (status !== 200) throw unreachable(`it answers ${status}`);
    return body;
  }

  #keep<T, K extends Kept<T>>(all: Map<string, K>, name: string, kept: K): void {
    all.delete(name);
    all.set(name, kept);
    const [oldest] = all.keys();
    if (all.size > mostKept && oldest !== undefined) all.delete(oldest);
    kept.value.catch(() => {
      if (all.get(name) !== kept) return;
      all.set(name, { ...kept, untilMs: this.#clock.monotonicMs() + failedMs });
    });
  }
}

function factsOf(body: Readonly<Record<string, unknown>>, issuer: string): ProviderFacts {
  // Section 4.3: exactly the one that was asked, or another provider speaks for it.
  if (body['issuer'] !== issuer) throw unreachable('it names another issuer');
  const address = (name: string): string => {
    const value = body[name];
    if (typeof value !== 'string' || !URL.canParse(value)) throw unreachable(`no ${name}`);
    return value;
  };
  const methods = body['token_endpoint_auth_methods_supported'];
  const named = Array.isArray(methods) ? methods : ['client_secret_basic'];
  return {
    authorizationEndpoint: address('authorization_endpoint'),
    tokenEndpoint: address('token_endpoint'),
    jwksUri: address('jwks_uri'),
    namesItself: body['authorization_response_iss_parameter_supported'] === true,
    secretInForm: !named.includes('client_secret_basic') && named.includes('client_secret_post'),
  };
}

function keysOf({ keys }: Readonly<Record<string, unknown>>): Jwks {
  if (!Array.isArray(keys)) throw unreachable('it has no keys');
  const objects = keys.filter((key) => typeof key === 'object' && key !== null);
  return { keys: objects as Record<string, unknown>[] };
}
