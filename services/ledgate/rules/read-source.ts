import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { Failure } from '#libs/errors/failure.js';
import type { EndpointRule } from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { readDescriptors } from './read-descriptors.js';
import { readOpenApi } from './read-openapi.js';
import { placeText } from './rule-draft.js';

/** What a file says about the endpoints of an API. */
export interface ReadRules {
  readonly rules: readonly EndpointRule[];
  /** Endpoints that it names and says nothing of: they are denied. */
  readonly closed: readonly string[];
  readonly notes: readonly string[];
  /** Name of the API, where the file says it. */
  readonly api?: string;
}

export interface ReadSources extends ReadRules {
  /** SHA-256 of the files, base64url. */
  readonly digest: string;
}

/**
 * Reads OpenAPI 3 documents (YAML or JSON) and FileDescriptorSets; together they are the rules of one
 * API. `prefix` stands before the paths of HTTP.
 */
export function readSources(paths: readonly string[], prefix: string): ReadSources {
  const digest = createHash('sha256');
  const all = paths.map((path) => {
    const bytes = bytesOf(path);
    digest.update(createHash('sha256').update(bytes).digest());
    return readFile(path, bytes);
  });
  const rules = all.flatMap((one) => one.rules).map((rule) => under(prefix, rule));
  const seen = new Set<string>();
  for (const text of rules.map(placeText)) {
    if (seen.has(text)) throw new Failure('INVALID_ARGUMENT', `${text} has two rules`);
    seen.add(text);
  }
  const apis = new Set(all.flatMap(({ api }) => api ?? []));
  if (apis.size > 1) throw new Failure('INVALID_ARGUMENT', 'the files name different APIs');
  const [api] = apis;
  return {
    rules,
    closed: all.flatMap((one) => one.closed),
    notes: prefix === '' ? all.flatMap((one) => one.notes) : [],
    digest: digest.digest('base64url'),
    ...(api === undefined ? {} : { api }),
  };
}

function readFile(path: string, bytes: Buffer): ReadRules {
  if (!/\.(ya?ml|json)$/i.test(path)) return readDescriptors(bytes, path);
  let document: unknown;
  try {
    document = parse(bytes.toString('utf8'), { maxAliasCount: 100 }) as unknown;
  } catch (error) {
    throw new Failure('INVALID_ARGUMENT', `${path} is neither YAML nor JSON`, { cause: error });
  }
  const version = (document as { openapi?: unknown } | null)?.openapi;
  if (typeof version !== 'string' || !version.startsWith('3.')) {
    throw new Failure('INVALID_ARGUMENT', `${path} is no OpenAPI 3 document`);
  }
  return readOpenApi(document as Record<string, unknown>, path);
}

function under(prefix: string, rule: EndpointRule): EndpointRule {
  if (rule.pathTemplate === '' || prefix === '') return rule;
  const below = rule.pathTemplate === '/' ? '' : rule.pathTemplate;
  return { ...rule, pathTemplate: `${prefix}${below}` };
}

function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Failure('INVALID_ARGUMENT', `${path} cannot be read`, { cause: error });
  }
}
