import { Failure } from '#libs/errors/failure.js';
import type { EndpointRule } from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { duration } from '../cli/values.js';
import type { ReadRules } from './read-source.js';
import { draft, httpPlace, kindOf } from './rule-draft.js';

type Fields = Readonly<Record<string, unknown>>;

/** OpenAPI 3.1, Path Item Object. */
const verbs = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const prefix = 'x-ledgate-';

/**
 * Rules of every operation of an OpenAPI 3 document that says anything with `x-ledgate-*`. A word that
 * is not known, or stands where it means nothing, is refused: a misspelt demand would demand nothing.
 */
export function readOpenApi(document: Fields, path: string): ReadRules {
  const rules: EndpointRule[] = [];
  const closed: string[] = [];
  const notes: string[] = [];
  refuseWords(document, ['api'], path);
  const paths = objectOf(document['paths'], `${path}: paths`);
  for (const [template, item] of Object.entries(paths)) {
    if (!template.startsWith('/')) continue;
    const operations = objectOf(item, `${path}: ${template}`);
    refuseWords(operations, [], `${path}: ${template}`);
    for (const verb of verbs) {
      if (operations[verb] === undefined) continue;
      const place = httpPlace(verb.toUpperCase(), template);
      const where = `${path}: ${place.method} ${template}`;
      const operation = objectOf(operations[verb], where);
      const rule = ruleOf(operation, draft(place), where);
      if (rule === undefined) closed.push(`${place.method} ${template}`);
      else rules.push(rule);
    }
  }
  const base = basePathOf(document);
  if (base !== '') notes.push(`the server's path ${base} is not part of the rules: see --prefix`);
  const api = document[`${prefix}api`];
  if (api !== undefined && typeof api !== 'string') throw wrong(path, 'api', 'a text');
  return { rules, closed, notes, ...(api === undefined ? {} : { api }) };
}

/** How each word is read. */
const words: Readonly<Record<string, (value: unknown, at: Where) => Partial<EndpointRule>>> = {
  public: (value, at) => ({ public: yes(value, at) }),
  permission: (value, at) => ({ permission: text(value, at) }),
  resource: (value, at) => ({ resourceTemplate: text(value, at) }),
  scopes: (value, at) => ({ allScopes: texts(value, at) }),
  'any-scopes': (value, at) => ({ anyScopes: texts(value, at) }),
  'min-acr': (value, at) => ({ minAcr: text(value, at) }),
  'max-auth-age': (value, at) => ({ maxAuthAgeMs: time(value, at) }),
  credentials: (value, at) => ({ credentialKinds: texts(value, at).map(kindOf) }),
  'max-staleness': (value, at) => ({ maxStalenessMs: time(value, at) }),
};

interface Where {
  readonly place: string;
  readonly word: string;
}

function ruleOf(operation: Fields, empty: EndpointRule, place: string): EndpointRule | undefined {
  const given = Object.entries(operation).filter(([name]) => name.startsWith(prefix));
  if (given.length === 0) return undefined;
  refuseWords(operation, Object.keys(words), place);
  let rule = empty;
  for (const [name, value] of given) {
    const word = name.slice(prefix.length);
    rule = { ...rule, ...words[word]?.(value, { place, word }) };
  }
  return rule;
}

function refuseWords(fields: Fields, known: readonly string[], place: string): void {
  for (const name of Object.keys(fields)) {
    if (!name.startsWith(prefix) || known.includes(name.slice(prefix.length))) continue;
    throw new Failure('INVALID_ARGUMENT', `${place}: ${name} is not known here`);
  }
}

function objectOf(value: unknown, place: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw new Failure('INVALID_ARGUMENT', `${place}: is not an object`);
}

function text(value: unknown, at: Where): string {
  if (typeof value === 'string' && value !== '') return value;
  throw wrong(at.place, at.word, 'a text');
}

function texts(value: unknown, at: Where): string[] {
  if (Array.isArray(value)) return value.map((one) => text(one, at));
  throw wrong(at.place, at.word, 'a list of texts');
}

function yes(value: unknown, at: Where): boolean {
  if (value === true) return true;
  throw wrong(at.place, at.word, 'true, or left out');
}

function time(value: unknown, at: Where): bigint {
  try {
    return BigInt(duration(text(value, at)));
  } catch {
    throw wrong(at.place, at.word, 'a time such as 90s, 15m or 12h');
  }
}

function wrong(place: string, word: string, expected: string): Failure {
  return new Failure('INVALID_ARGUMENT', `${place}: ${prefix}${word} must be ${expected}`);
}

function basePathOf(document: Fields): string {
  const { servers } = document;
  const [first] = Array.isArray(servers) ? (servers as unknown[]) : [];
  const url = typeof first === 'object' && first !== null ? (first as Fields)['url'] : undefined;
  if (typeof url !== 'string') return '';
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').replace(/\/$/, '');
  return path.startsWith('/') ? path : '';
}
