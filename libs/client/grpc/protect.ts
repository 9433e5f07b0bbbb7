import {
  Metadata,
  ServerInterceptingCall,
  ServerListenerBuilder,
  status,
  type ServerInterceptor,
} from '@grpc/grpc-js';
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
}

type GuardedRule = Extract<CompiledRule, { public: false }>;
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
    case 'undecided':
      return { code: status.UNAVAILABLE, details: 'The request cannot be authorized right now' };
    case 'malformed':
      return { code: status.INVALID_ARGUMENT, details: verdict.why };
  }
}

/** Several `authorization` values are one that nobody can read. */
function authorizationOf(metadata: Metadata): string | undefined {
  const values = metadata.get('authorization');
  return values.length === 0 ? undefined : values.join(', ');
}

/** One call: holds it back until it is allowed, then serves it as the caller. */
class GuardedCall {
  readonly #guard: Guard;
  readonly #rule: GuardedRule;
  readonly #call: NextCall;
  #metadata = new Metadata();
  #identity: RequestIdentity | undefined;

  constructor(guard: Guard, rule: GuardedRule, call: NextCall) {
    this.#guard = guard;
    this.#rule = rule;
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
      const verdict = await this.#guard.judge({
        authorization: authorizationOf(this.#metadata),
        permission: this.#rule.permission,
        resource: () => this.#rule.resource(request, this.#metadata),
      });
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
 * Statuses: UNAUTHENTICATED without a good credential, PERMISSION_DENIED, INVALID_ARGUMENT for a
 * resource that cannot be named, UNAVAILABLE when nobody could decide. Handlers find the caller by
 * `currentIdentity()` or `identityOf(call.metadata)`.
 */
export function protect(
  rules: MethodRules,
  ledgate: Ledgate,
  options: GuardOptions = {},
): ServerInterceptor {
  const compiled = compileRules(rules);
  const guard = new Guard(ledgate, options);
  return (method, call) => {
    const rule = compiled.get(method.path);
    if (!rule) return refusing(call, noRule);
    if (rule.public) return new ServerInterceptingCall(call);
    const guarded = new GuardedCall(guard, rule, call);
    return method.requestStream ? guarded.streaming() : guarded.unary();
  };
}
