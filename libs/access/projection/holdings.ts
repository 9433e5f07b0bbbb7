import { memberOf } from './set-entries.js';
import type { Subjects } from './subjects.js';
import type { ViewState } from './view-state.js';

/** Gives a subject an entry that rests on the record at `position`. */
export function hold(
  state: ViewState,
  subjects: Subjects,
  row: number,
  entry: number,
  position: number,
): void {
  const set = subjects.setOf(row);
  const index = ~state.sets.search(set, entry);
  if (index < 0) return;
  const positions = state.positions.insertAt(subjects.positionsOf(row), index, position);
  subjects.hold(row, state.sets.with(set, index, entry), positions);
}

/** Takes the entry at `index` from a subject; the position it rested on. */
export function drop(state: ViewState, subjects: Subjects, row: number, index: number): number {
  const positions = subjects.positionsOf(row);
  const position = state.positions.at(positions, index);
  const rest = state.positions.removeAt(positions, index);
  subjects.hold(row, state.sets.without(subjects.setOf(row), index), rest);
  return position;
}

export function dropAll(state: ViewState, subjects: Subjects, row: number): void {
  while (state.sets.lengthOf(subjects.setOf(row)) > 0) drop(state, subjects, row, 0);
}

/** Index in the subject's set of the grant (role, prefix), whatever its expiry; −1: not held. */
export function grantIndex(
  state: ViewState,
  set: number,
  role: number,
  resourcePrefix: string,
): number {
  const prefix = state.prefixes.find(resourcePrefix);
  return prefix === undefined ? -1 : indexOf(state, set, role, prefix);
}

/** Index in the principal's set of the membership of a group's row; −1: no member. */
export function memberIndex(state: ViewState, set: number, group: number): number {
  return indexOf(state, set, group, memberOf);
}

function indexOf(state: ViewState, set: number, target: number, prefix: number): number {
  const length = state.sets.lengthOf(set);
  for (let i = 0; i < length; i++) {
    const entry = state.sets.entryAt(set, i);
    if (state.entries.target[entry] === target && state.entries.prefix[entry] === prefix) return i;
  }
  return -1;
}
