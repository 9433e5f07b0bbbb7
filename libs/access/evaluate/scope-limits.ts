import type { Tenant } from '../projection/tenant.js';
import type { ViewState } from '../projection/view-state.js';

/** Scopes that come to nothing allow nothing; so does this pattern, which matches no permission. */
export const nothing: readonly string[] = Object.freeze(['none*']);

/** What words came to, for as long as the tenant's scopes stay as they are. */
interface Resolved {
  readonly tenant: Tenant;
  readonly generation: number;
  readonly patterns: readonly string[];
}

/** By the list of words itself: a token keeps its own for as long as it is known. */
const resolved = new WeakMap<readonly string[], Resolved>();

/**
 * Permission patterns that the scope words of a token leave of its principal's rights: of a scope that
 * the tenant has defined, its patterns; a word with a `:` (and `*`) is a pattern itself; any other word
 * (`openid`, a retired scope) allows nothing. No words: no limit. `undefined`: a record about one of
 * them could not be read, so that nobody can tell.
 */
export function scopePatterns(
  view: ViewState,
  tenant: Tenant | undefined,
  words: readonly string[],
): readonly string[] | undefined {
  if (words.length === 0) return words;
  if (tenant === undefined) return nothing;
  if (view.quarantined.size > 0 && touchesScopes(view, tenant.id, words)) return undefined;
  const known = resolved.get(words);
  if (known?.tenant === tenant && known.generation === tenant.scopeGeneration) {
    return known.patterns;
  }
  const patterns = resolve(tenant, words);
  resolved.set(words, { tenant, generation: tenant.scopeGeneration, patterns });
  return patterns;
}

function resolve(tenant: Tenant, words: readonly string[]): readonly string[] {
  if (!words.some((word) => tenant.scopes.has(word)) && words.every(isPattern)) return words;
  const patterns = words.flatMap((word): readonly string[] => {
    const scope = tenant.scopes.get(word);
    if (scope !== undefined) return scope.permissions;
    return isPattern(word) ? [word] : [];
  });
  return patterns.length === 0 ? nothing : [...new Set(patterns)];
}

function isPattern(word: string): boolean {
  return word === '*' || word.includes(':');
}

function touchesScopes(view: ViewState, tenant: string, words: readonly string[]): boolean {
  return words.some((word) => view.quarantined.holds(tenant, 'scope', word));
}
