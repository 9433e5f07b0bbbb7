import type { EndpointRule } from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { asked, askedText, placeText } from './rule-draft.js';

export interface ChangedRule {
  readonly endpoint: string;
  /** Fields that differ: what was asked, and what is asked now; `''`: nothing. */
  readonly fields: Readonly<Record<string, readonly [before: string, after: string]>>;
}

/** What a push does to the rules of an API. */
export interface RulesDiff {
  readonly added: readonly EndpointRule[];
  readonly removed: readonly EndpointRule[];
  readonly changed: readonly ChangedRule[];
  readonly same: number;
}

export function rulesDiff(
  before: readonly EndpointRule[],
  after: readonly EndpointRule[],
): RulesDiff {
  const known = new Map(before.map((rule) => [placeText(rule), rule]));
  const kept = new Set(after.map(placeText));
  const changed: ChangedRule[] = [];
  let same = 0;
  for (const rule of after) {
    const endpoint = placeText(rule);
    const old = known.get(endpoint);
    if (old === undefined) continue;
    const fields = fieldsThatDiffer(old, rule);
    if (Object.keys(fields).length === 0) same += 1;
    else changed.push({ endpoint, fields });
  }
  return {
    added: after.filter((rule) => !known.has(placeText(rule))),
    removed: before.filter((rule) => !kept.has(placeText(rule))),
    changed,
    same,
  };
}

function fieldsThatDiffer(before: EndpointRule, after: EndpointRule): ChangedRule['fields'] {
  const [old, now] = [asked(before), asked(after)];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return Object.fromEntries(
    names
      .filter((name) => old[name] !== now[name])
      .map((name) => [name, [old[name] ?? '', now[name] ?? '']] as const),
  );
}

export function isEmpty({ added, removed, changed }: RulesDiff): boolean {
  return added.length + removed.length + changed.length === 0;
}

/** One line a rule: `+`, `-` or `~`, the endpoint, and what is asked of it. */
export function diffLines(diff: RulesDiff): readonly (readonly [mark: string, text: string])[] {
  return [
    ...diff.removed.map((rule) => ['-', `${placeText(rule)}   ${askedText(rule)}`] as const),
    ...diff.added.map((rule) => ['+', `${placeText(rule)}   ${askedText(rule)}`] as const),
    ...diff.changed.map(({ endpoint, fields }) => {
      const texts = Object.entries(fields).map(
        ([name, [old, now]]) => `${name} ${old || 'none'} → ${now || 'none'}`,
      );
      return ['~', `${endpoint}   ${texts.join(', ')}`] as const;
    }),
  ];
}
