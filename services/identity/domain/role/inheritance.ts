import type { DocumentReader } from '#libs/decider/documents.js';
import { reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import { childrenOf, roles } from './state.js';

/** Longest chain of roles that inherit from each other, both ends counted. */
export const deepestInheritance = 16;
/** Roles that one decision looks at, so that its keys fit into a record. */
const mostRelated = 64;

/**
 * Refuses parents that do not exist, close a circle, or make a chain too long. Reads the role of
 * everything above and the children of everything below: any edit that could close the circle from
 * the other side writes one of those keys, so the two edits conflict.
 */
export function inheritanceProblem(
  view: DocumentReader,
  tenant: string,
  role: string,
  parents: readonly string[],
): Rejection | undefined {
  const missing = parents.find((parent) => roles.read(view, tenant, parent) === undefined);
  if (missing !== undefined) return reject('NOT_FOUND', 'no such parent role', { role: missing });
  const up = reach(parents, (id) => roles.read(view, tenant, id)?.parents ?? []);
  const down = reach([role], (id) => childrenOf.read(view, tenant, id)?.children ?? []);
  if (up === 'TOO_MANY' || down === 'TOO_MANY') {
    return reject('LIMIT_REACHED', `more than ${mostRelated} roles would inherit together`);
  }
  if (up.has(role) || parents.some((parent) => down.has(parent))) {
    return reject('CYCLE', 'a role cannot inherit from itself');
  }
  if (longest(up) + longest(down) > deepestInheritance) {
    return reject('LIMIT_REACHED', `roles inherit over at most ${deepestInheritance} levels`);
  }
  return undefined;
}

/** Everything reachable, with the length of the longest path to it (the starts have 1). */
function reach(
  starts: readonly string[],
  next: (id: string) => readonly string[],
): Map<string, number> | 'TOO_MANY' {
  const lengths = new Map<string, number>(starts.map((id) => [id, 1]));
  const edges = new Map<string, readonly string[]>();
  const open = [...starts];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (edges.has(id)) continue;
    const targets = next(id);
    edges.set(id, targets);
    if (edges.size > mostRelated) return 'TOO_MANY';
    open.push(...targets);
  }
  // Longest paths of an acyclic graph: as many rounds as the longest chain; a circle is cut off.
  for (let round = 0; round <= deepestInheritance; round += 1) {
    for (const [id, targets] of edges) {
      for (const target of targets) {
        const length = (lengths.get(id) ?? 1) + 1;
        if (length > (lengths.get(target) ?? 0)) lengths.set(target, length);
      }
    }
  }
  return lengths;
}

function longest(lengths: ReadonlyMap<string, number>): number {
  return Math.max(0, ...lengths.values());
}
