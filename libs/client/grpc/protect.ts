import {
  Metadata,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import { callParameters, type ApiRules } from '#libs/client/grpc/call-parameters.js';
import {
  compileRules,
  type CompiledRule,
  type MethodRules,
} from '#libs/client/grpc/method-rules.js';
import { Guard, type GuardOptions, type Verdict } from '#libs/client/guard/guard.js';
import {
  rememberIdentity,
  runAs,
  type RequestIdentity,
} from '#libs/client/guard/request-identity.js';
import { type Ledgate } from '#libs/client/ledgate.js';

interface Refusal {
  readonly code: status;
  readonly details: string;
  /** Trailers: the challenge of an endpoint's rule. */
  readonly metadata?: Metadata;
}

/** Judges one call: by its metadata, and by its message where that was received. */
type Judge = (request: unknown, metadata: Metadata) => Promise<Verdict>;
type NextCall = Parameters<ServerInterceptor>[1];

const noRule: Refusal = {
  code: status.PERMISSION_DENIED,
  details: 'No rule allows this method',
};
const broken: Refusal = { code: status.INTERNAL, details: 'The request could not be judged' };

function refusalOf(verdict: Exclude<Verdict, { outcome: 'allowed' }>): Refusal {
  switch (verdict.outcome) {
    case 'unauthenticated':
      return { code: status.UNAUTHENTICATED, details: 'A valid credential is needed' };
    case 'denied':
      return { code: status.PERMISSION_DENIED, details: `Denied (${verdict.decisionId})` };
    case 'step-up':
      return { code: status.PERMISSION_DENIED, details: 'A stronger authentication is needed' };
    case 'refused':
      return callRefusal(verdict);
    case 'undecided':
      return { code: status.UNAVAILABLE, details: 'The request cannot be authorized right now' };
    case 'malformed':
      return { code: status.INVALID_ARGUMENT, details: verdict.why };
  }
}

const codes: Readonly<Record<number, status>> = {
  400: status.INVALID_ARGUMENT,
  401: status.UNAUTHENTICATED,
};

/** The challenge travels as the trailer `www-authenticate`. */
function callRefusal(verdict: Extract<Verdict, { outcome: 'refused' }>): Refusal {
  const { httpStatus, wwwAuthenticate, decisionId, obligations } = verdict;
  const metadata = new Metadata();
  if (wwwAuthenticate !== '') metadata.set('www-authenticate', wwwAuthenticate);
  const stepUp = obligations.some(({ kind }) => kind === 'step_up');
  const details = stepUp ? 'A stronger authentication is needed' : 'Denied';
  const code = codes[httpStatus] ?? status.PERMISSION_DENIED;
  return { code, details: `${details} (${decisionId})`, metadata };
}

/** Several `authorization` values are one that nobody can read. */
function authorizationOf(metadata: Metadata): string | undefined {
  const values = metadata.get('authorization');
  return values.length === 0 ? undefined : values.join(', ');
}

/** One call: holds it back until it is allowed, then serves it as the caller. */
class GuardedCall {
  readonly #judge: Judge;
  readonly #call: NextCall;
  #metadata = new Metadata();
  #identity: RequestIdentity | undefined;

  constructor(judge: Judge, call: NextCall) {
    this.#judge = judge;
    this.#call = call;
  }

  /** A streaming request is judged by its metadata: its handler runs before the first message. */
  streaming(): ServerInterceptingCall {
    return this.#serving((metadata, next) => {
      this.#metadata = metadata;
      void this.#admit(undefined, () => next(metadata));
    });
  }

  /** A unary request is judged with its message: the handler only runs when it is complete. */
  unary(): ServerInterceptingCall {
    return this.#serving(
      (metadata, next) => {
        this.#metadata = metadata;
        next(metadata);
      },
      (message, next) => void this.#admit(message, () => next(message)),
    );
  }

  #serving(
    onMetadata: (metadata: Metadata, next: (metadata: Metadata) => void) => void,
    onMessage: (message: unknown, next: (message: unknown) => void) => void = (message, next) =>
      runAs(this.#identity, () => next(message)),
  ): ServerInterceptingCall {
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata(onMetadata)
      .withOnReceiveMessage(onMessage)
      .withOnReceiveHalfClose((next) => runAs(this.#identity, next))
      .build();
    return new ServerInterceptingCall(this.#call, { start: (next) => next(listener) });
  }

  async #admit(request: unknown, serve: () => void): Promise<void> {
    try {
      const verdict = await this.#judge(request, this.#metadata);
      if (verdict.outcome !== 'allowed') {
        this.#call.sendStatus(refusalOf(verdict));
        return;
      }
      this.#identity = verdict.identity;
      rememberIdentity(this.#metadata, verdict.identity);
    } catch {
      this.#call.sendStatus(broken);
      return;
    }
    runAs(this.#identity, serve);
  }
}

/** Refuses as soon as the call starts, without reading what it brings. */
function refusing(call: NextCall, refusal: Refusal): ServerInterceptingCall {
  return new ServerInterceptingCall(call, {
    start: (next) => {
      const listener = new ServerListenerBuilder()
        .withOnReceiveMetadata(() => call.sendStatus(refusal))
        .build();
      next(listener);
    },
  });
}

/**
 * Interceptor that lets a call reach its handler only when its rule is met:
 * `new Server({ interceptors: [protect(rules, ledgate)] })`. A method without a rule is denied.
 * With `{ api: 'shop' }` in place of rules, those count that the API has in Ledgate
 * (`ledgate rules push`): they are changed there, for every instance at once.
 * Statuses: UNAUTHENTICATED without a good credential, PERMISSION_DENIED, INVALID_ARGUMENT for a
 * resource that cannot be named, UNAVAILABLE when nobody could decide. Handlers find the caller by
 * `currentIdentity()` or `identityOf(call.metadata)`.
 */
export function protect(
  rules: MethodRules | ApiRules,
  ledgate: Ledgate,
  options: GuardOptions = {},
): ServerInterceptor {
  const guard = new Guard(ledgate, options);
  return isApi(rules) ? byApi(rules, guard) : byRules(rules, guard);
}

/** Method names begin with a slash: none of them is `api`. */
function isApi(rules: MethodRules | ApiRules): rules is ApiRules {
  return typeof rules['api'] === 'string';
}

function byRules(rules: MethodRules, guard: Guard): ServerInterceptor {
  const compiled = compileRules(rules);
  return (method, call) => {
    const rule = compiled.get(method.path);
    if (!rule) return refusing(call, noRule);
    if (rule.public) return new ServerInterceptingCall(call);
    return guarded(method, call, judgeOf(rule, guard));
  };
}

function judgeOf(rule: Extract<CompiledRule, { public: false }>, guard: Guard): Judge {
  return (request, metadata) =>
    guard.judge({
      authorization: authorizationOf(metadata),
      permission: rule.permission,
      resource: () => rule.resource(request, metadata),
    });
}

function byApi(rules: ApiRules, guard: Guard): ServerInterceptor {
  if (rules.api === '') throw new TypeError('api: the name of the API is empty');
  return (method, call) =>
    guarded(method, call, (request, metadata) =>
      guard.judgeCall(authorizationOf(metadata), {
        api: rules.api,
        call: { grpcMethod: method.path },
        parameters: callParameters(rules, request),
      }),
    );
}

function guarded(
  method: Parameters<ServerInterceptor>[0],
  call: NextCall,
  judge: Judge,
): ServerInterceptingCall {
  const one = new GuardedCall(judge, call);
  return method.requestStream ? one.streaming() : one.unary();
}
