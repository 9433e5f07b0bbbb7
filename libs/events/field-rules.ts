/**
 * What a decoded field must be. `text`: not empty. `texts`: a list without empty texts. `positive`:
 * a number above 0. A list of words: one of them. `eachOf`: a list of such words. `message`: present, and its own fields obey.
 */
export type FieldRule =
  | 'text'
  | 'texts'
  | 'positive'
  | readonly string[]
  | { readonly eachOf: readonly string[] }
  | { readonly message: FieldRules }
  | { readonly optional: FieldRules }
  | { readonly each: FieldRules };

export interface FieldRules {
  readonly [field: string]: FieldRule;
}

/** Throws TypeError naming the first field (never its value) that breaks its rule. */
export function checkFields(path: string, fields: object, rules: FieldRules): void {
  for (const field in rules) {
    const rule = rules[field];
    if (rule !== undefined) {
      const value = (fields as Record<string, unknown>)[field];
      // The name is put together for what does not hold, and for what has fields of its own.
      if (!isPlainly(value, rule)) checkField(`${path}.${field}`, value, rule);
    }
  }
}

function isPlainly(value: unknown, rule: FieldRule): boolean {
  if (rule === 'text') return typeof value === 'string' && value !== '';
  if (rule === 'positive') return typeof value === 'number' && value > 0;
  return rule === 'texts' && Array.isArray(value) && !value.includes('');
}

function checkField(path: string, value: unknown, rule: FieldRule): void {
  if (rule === 'text') return check(typeof value === 'string' && value !== '', path);
  if (rule === 'positive') return check(typeof value === 'number' && value > 0, path);
  if (rule === 'texts') return check(Array.isArray(value) && !value.includes(''), path);
  if (isWords(rule)) return check(typeof value === 'string' && rule.includes(value), path);
  if ('eachOf' in rule) {
    const words = Array.isArray(value) ? (value as readonly unknown[]) : undefined;
    return check(words?.every((word) => rule.eachOf.includes(word as string)) === true, path);
  }
  if ('each' in rule) {
    check(Array.isArray(value), path);
    for (const item of value as readonly object[]) checkFields(path, item, rule.each);
    return;
  }
  if ('optional' in rule) {
    if (value !== undefined) checkFields(path, value as object, rule.optional);
    return;
  }
  check(typeof value === 'object' && value !== null, path);
  checkFields(path, value as object, rule.message);
}

function isWords(rule: FieldRule): rule is readonly string[] {
  return Array.isArray(rule);
}

function check(holds: boolean, path: string): void {
  if (!holds) throw new TypeError(`${path} is missing or not allowed`);
}
