import { matchesPermission } from '../permission-pattern.js';
import type { Role } from '../projection/role.js';

/** How a granted role comes to hold a permission. */
export interface RolePath {
  /** From the granted role to the one that holds the pattern. */
  readonly chain: readonly Role[];
  readonly pattern: string;
  /** Positions of the events that made each role, each inheritance link and the pattern. */
  readonly positions: readonly number[];
}

interface Step {
  readonly role: Role;
  readonly from: Step | undefined;
  readonly linkedAt: number;
}

/** The shortest way from a role through its live parents to a pattern that matches, or undefined. */
export function rolePath(role: Role, action: string): RolePath | undefined {
  if (!role.live) return undefined;
  const seen = new Set([role]);
  const steps: Step[] = [{ role, from: undefined, linkedAt: -1 }];
  for (const step of steps) {
    for (const [pattern, addedAt] of step.role.patterns) {
      if (matchesPermission(pattern, action)) return pathTo(step, pattern, addedAt);
    }
    for (const [parent, linkedAt] of step.role.parents) {
      if (!parent.live || seen.has(parent)) continue;
      seen.add(parent);
      steps.push({ role: parent, from: step, linkedAt });
    }
  }
  return undefined;
}

function pathTo(last: Step, pattern: string, addedAt: number): RolePath {
  const chain: Role[] = [];
  const positions = [addedAt];
  for (let step: Step | undefined = last; step !== undefined; step = step.from) {
    chain.unshift(step.role);
    positions.push(step.role.createdAt);
    if (step.linkedAt >= 0) positions.push(step.linkedAt);
  }
  return { chain, pattern, positions };
}
