import { type Metadata } from '@grpc/grpc-js';
import { resourceTemplate } from '#libs/client/guard/resource-path.js';

/**
 * What a gRPC method takes. `resource` is a template over fields of the request
 * (`orders/{orderId}`, `orders/{order.id}`) or a function. Where the client streams, nothing was
 * received yet when it is asked for: `request` is undefined, and a template may name no field.
 */
export type MethodRule<Request = never> =
  | { readonly public: true }
  | {
      readonly public?: never;
      readonly permission: string;
      readonly resource: string | ((request: Request, metadata: Metadata) => string);
    };

/** Rules by full method name: `/shop.v1.OrdersService/GetOrder`. A method without one is denied. */
export type MethodRules = Readonly<Record<string, MethodRule>>;

interface MethodDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly requestDeserialize: (bytes: Buffer) => unknown;
}

type RequestOf<Definition extends MethodDefinition> = Definition extends { requestStream: true }
  ? undefined
  : ReturnType<Definition['requestDeserialize']>;

/**
 * Rules for a whole service by the names of its generated definition. A method without a rule, and
 * a field that the request lacks, fail to compile.
 */
export function rulesFor<Service extends Record<keyof Service, MethodDefinition>>(
  service: Service,
  rules: { readonly [Name in keyof Service]: MethodRule<RequestOf<Service[Name]>> },
): MethodRules {
  const byPath: Record<string, MethodRule> = {};
  for (const name of Object.keys(service) as (keyof Service)[]) {
    const rule = rules[name] as MethodRule | undefined;
    if (rule) byPath[service[name].path] = rule;
  }
  return byPath;
}

export type CompiledRule =
  | { readonly public: true }
  | {
      readonly public: false;
      readonly permission: string;
      readonly resource: (request: unknown, metadata: Metadata) => string;
    };

/** The value of `order.id` in a message; only own fields count. */
function fieldOf(message: unknown, path: string): unknown {
  let value = message;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

function compile(path: string, rule: MethodRule): CompiledRule {
  if (rule.public) return { public: true };
  const { permission, resource } = rule;
  if (permission === '') throw new TypeError(`${path}: the permission is empty`);
  if (typeof resource === 'function') {
    return { public: false, permission, resource: resource as (request: unknown) => string };
  }
  const template = resourceTemplate(resource);
  return {
    public: false,
    permission,
    resource: (request) => template((name) => fieldOf(request, name)),
  };
}

/** Throws TypeError for a malformed rule: at start-up, not at the first request. */
export function compileRules(rules: MethodRules): ReadonlyMap<string, CompiledRule> {
  return new Map(Object.entries(rules).map(([path, rule]) => [path, compile(path, rule)]));
}
