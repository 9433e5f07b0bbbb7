import type { EndpointRule } from '#libs/events/catalogue.js';

import { parseTemplate, relation, type Segment } from './path-template.js';
import { decodedSegment, pathSegments } from './request-path.js';

/** A call as the caller describes it. */
export type EndpointCall =
  | { readonly protocol: 'GRPC'; readonly method: string }
  | { readonly protocol: 'HTTP'; readonly method: string; readonly path: string };

export type Found =
  | {
      readonly found: 'RULE';
      readonly rule: EndpointRule;
      /** Parameters of the path, decoded. */
      readonly parameters: ReadonlyMap<string, string>;
    }
  /** `MALFORMED`: the path has another spelling, or might be taken for another endpoint. */
  | { readonly found: 'NOTHING' | 'MALFORMED' };

interface Row {
  readonly rule: EndpointRule;
  readonly segments: readonly Segment[];
  /** Literals of the template: of rows that match the same path, the one with more wins. */
  readonly literals: number;
}

const nothing: Found = Object.freeze({ found: 'NOTHING' });
const malformed: Found = Object.freeze({ found: 'MALFORMED' });
const none: ReadonlyMap<string, string> = new Map();

/**
 * Finds the rule of a call among those of one API; in which order they were given does not matter. A
 * gRPC method is matched exactly. A literal beats a parameter. A path that differs from a literal only
 * in case is malformed: routers disagree whether it reaches the same endpoint. HEAD is judged as GET
 * unless it has a rule of its own (RFC 9110 section 9.3.2).
 */
export class RuleTable {
  readonly #methods = new Map<string, EndpointRule>();
  readonly #rows = new Map<string, Row[]>();

  constructor(rules: Iterable<EndpointRule>) {
    for (const rule of rules) {
      if (rule.protocol === 'GRPC') this.#methods.set(rule.method, rule);
      else this.#addRow(rule);
    }
    for (const rows of this.#rows.values()) rows.sort((a, b) => b.literals - a.literals);
  }

  find(call: EndpointCall): Found {
    if (call.protocol === 'GRPC') {
      const rule = this.#methods.get(call.method);
      return rule === undefined ? nothing : { found: 'RULE', rule, parameters: none };
    }
    const segments = pathSegments(call.path);
    if (segments === undefined) return malformed;
    const row = this.#row(call.method, segments);
    if (row !== undefined) return matched(row, segments);
    if (call.method !== 'HEAD') return nothing;
    const ofGet = this.#row('GET', segments);
    return ofGet === undefined ? nothing : matched(ofGet, segments);
  }

  #addRow(rule: EndpointRule): void {
    const segments = parseTemplate(rule.template);
    // No decider lets one through; here it matches nothing.
    if (typeof segments === 'string') return;
    const key = `${rule.method} ${segments.length}`;
    const literals = segments.filter((one) => one.literal !== undefined).length;
    const row = { rule, segments, literals };
    const rows = this.#rows.get(key);
    if (rows === undefined) this.#rows.set(key, [row]);
    else rows.push(row);
  }

  #row(method: string, segments: readonly string[]): Row | undefined {
    return this.#rows.get(`${method} ${segments.length}`)?.find((row) => {
      return row.segments.every((one, at) => isLike(one, segments[at] as string));
    });
  }
}

function isLike({ literal }: Segment, text: string): boolean {
  return literal === undefined || literal.toLowerCase() === text.toLowerCase();
}

function matched({ rule, segments }: Row, texts: readonly string[]): Found {
  const parameters = new Map<string, string>();
  for (const [at, { literal, name }] of segments.entries()) {
    const text = texts[at] as string;
    if (literal !== undefined) {
      if (literal !== text) return malformed;
      continue;
    }
    const value = decodedSegment(text);
    if (value === undefined) return malformed;
    parameters.set(name, value);
  }
  return { found: 'RULE', rule, parameters };
}

/** Two rules that might both be meant by one call, or undefined. */
export function clash(
  rules: readonly Pick<EndpointRule, 'protocol' | 'method' | 'template'>[],
): readonly [EndpointPlace, EndpointPlace] | undefined {
  const seen = new Map<string, { place: EndpointPlace; segments: readonly Segment[] }[]>();
  for (const place of rules) {
    const parsed = place.protocol === 'GRPC' ? [] : parseTemplate(place.template);
    const segments = typeof parsed === 'string' ? [] : parsed;
    const key = `${place.protocol} ${place.method} ${segments.length}`;
    const others = seen.get(key) ?? [];
    const other = others.find((one) => relation(one.segments, segments) === 'CLASH');
    if (other !== undefined) return [other.place, place];
    others.push({ place, segments });
    seen.set(key, others);
  }
  return undefined;
}

/** What a rule is about. */
export type EndpointPlace = Pick<EndpointRule, 'protocol' | 'method' | 'template'>;
