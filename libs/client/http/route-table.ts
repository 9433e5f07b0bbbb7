import { resourceTemplate } from '#libs/client/guard/resource-path.js';
import { isCanonical } from '#libs/client/http/raw-path.js';

/** What a route takes. Paths are literal segments and `{name}`: `/orders/{id}`. */
export type RouteRule<Request = unknown> = { readonly method: string; readonly path: string } & (
  | { readonly public: true }
  | {
      readonly public?: never;
      readonly permission: string;
      /** Template over the names of the path, or a function. */
      readonly resource: string | ((request: Request) => string);
    }
);

export type RouteMatch =
  | { readonly found: 'nothing' | 'malformed' | 'public' }
  | {
      readonly found: 'rule';
      readonly permission: string;
      readonly resource: (request: unknown) => string;
    };

/** Whatever kind of request its function takes. */
type AnyRule = RouteRule<never>;

interface Segment {
  readonly name: string | undefined;
  readonly literal: string;
}

interface Route {
  readonly rule: AnyRule;
  readonly segments: readonly Segment[];
  readonly resource: (request: unknown, params: ReadonlyMap<string, string>) => string;
}

function segmentsOf({ path }: AnyRule): Segment[] {
  if (!path.startsWith('/') || !isCanonical(path.replaceAll(/[{}]/g, ''))) {
    throw new TypeError(`The route path "${path}" is malformed`);
  }
  return path
    .split('/')
    .slice(1)
    .map((literal) => {
      const name = /^\{(\w+)\}$/.exec(literal)?.[1];
      if (name === undefined && /[{}:*%]/.test(literal)) {
        throw new TypeError(`The route path "${path}" is malformed at "${literal}"`);
      }
      return { name, literal };
    });
}

function compile(rule: AnyRule): Route {
  const segments = segmentsOf(rule);
  if (rule.public) return { rule, segments, resource: () => '' };
  const { resource } = rule;
  if (typeof resource === 'function') {
    return { rule, segments, resource: resource as (request: unknown) => string };
  }
  const template = resourceTemplate(resource);
  return { rule, segments, resource: (_, params) => template((name) => params.get(name)) };
}

/** Literals before names, from the left: `/orders/export` wins over `/orders/{id}`. */
function moreSpecific(a: Route, b: Route): number {
  for (const [i, segment] of a.segments.entries()) {
    const other = b.segments[i];
    if ((segment.name === undefined) !== (other?.name === undefined)) {
      return segment.name === undefined ? -1 : 1;
    }
  }
  return 0;
}

const shapeOf = ({ segments }: Route): string =>
  segments
    .map(({ name, literal }) => (name === undefined ? literal.toLowerCase() : '{}'))
    .join('/');

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/**
 * Finds the rule of a request. Frameworks differ in whether `/Orders`, `/orders/` or `/%6Frders`
 * reach `/orders`: a path that is nearly a literal of the table is malformed, so that no spelling is
 * judged by one rule and served by another.
 */
export class RouteTable {
  readonly #routes = new Map<string, Route[]>();

  /** Throws TypeError for malformed rules and for two that match the same requests. */
  constructor(rules: readonly AnyRule[]) {
    for (const rule of rules) {
      const route = compile(rule);
      const key = `${rule.method.toUpperCase()} ${route.segments.length}`;
      const routes = this.#routes.get(key) ?? [];
      if (routes.some((other) => shapeOf(other) === shapeOf(route))) {
        throw new TypeError(`Two rules match ${rule.method} ${rule.path}`);
      }
      this.#routes.set(key, [...routes, route].toSorted(moreSpecific));
    }
  }

  /** `path` as it was sent, without the query. HEAD is judged as GET unless it has its own rule. */
  match(method: string, path: string): RouteMatch {
    if (!isCanonical(path)) return { found: 'malformed' };
    const raw = path.split('/').slice(1);
    const texts = raw.map(decoded);
    if (texts.includes(undefined)) return { found: 'malformed' };
    const route = this.#find(method, texts as string[]);
    if (!route && method === 'HEAD') return this.match('GET', path);
    return route ? matchOf(route, raw, texts as string[]) : { found: 'nothing' };
  }

  #find(method: string, texts: readonly string[]): Route | undefined {
    return this.#routes
      .get(`${method} ${texts.length}`)
      ?.find(({ segments }) =>
        segments.every(
          ({ name, literal }, i) =>
            name !== undefined || literal.toLowerCase() === texts[i]?.toLowerCase(),
        ),
      );
  }
}

function matchOf(route: Route, raw: readonly string[], texts: readonly string[]): RouteMatch {
  const { rule, segments, resource } = route;
  const params = new Map<string, string>();
  for (const [i, { name, literal }] of segments.entries()) {
    if (name === undefined && literal !== raw[i]) return { found: 'malformed' };
    if (name !== undefined) params.set(name, texts[i] ?? '');
  }
  if (rule.public) return { found: 'public' };
  const { permission } = rule;
  return { found: 'rule', permission, resource: (request) => resource(request, params) };
}
