import { resourceProblem } from '#libs/access/resource.js';
import { LedgateError } from '#libs/client/ledgate-error.js';

/** Makes a resource of the values that a template names; throws LedgateError BAD_QUESTION. */
export type ResourceTemplate = (lookup: (name: string) => unknown) => string;

export function badResource(why: string): LedgateError {
  return new LedgateError('BAD_QUESTION', `The resource cannot be named: ${why}`, {
    reason: 'RESOURCE_INVALID',
  });
}

/** Refuses, and never repairs, a resource that could be read in two ways. */
export function checkedResource(resource: string): string {
  const problem = resourceProblem(resource);
  if (problem !== undefined) throw badResource(problem);
  return resource;
}

/** One segment: a text, or a number as ids often are. A slash in it would reach other resources. */
function segment(name: string, value: unknown): string {
  const text = typeof value === 'number' || typeof value === 'bigint' ? String(value) : value;
  if (typeof text !== 'string' || text === '') throw badResource(`${name} is missing`);
  if (text.includes('/')) throw badResource(`${name} contains a slash`);
  return checkedResource(text);
}

/** Compiles `projects/{project}/orders/{id}`; throws TypeError when the template is malformed. */
export function resourceTemplate(template: string): ResourceTemplate {
  const parts = template.split('/').map((part) => {
    const name = /^\{([A-Za-z_][\w.]*)\}$/.exec(part)?.[1];
    if (name === undefined && (/[{}]/.test(part) || resourceProblem(part) || part === '')) {
      throw new TypeError(`The resource template "${template}" is malformed at "${part}"`);
    }
    return { name, literal: part };
  });
  return (lookup) => {
    const texts = parts.map(({ name, literal }) =>
      name === undefined ? literal : segment(name, lookup(name)),
    );
    return checkedResource(texts.join('/'));
  };
}

/**
 * Tag for resources made by hand: ``resourcePath`orders/${id}` ``. Each value must be one segment:
 * an empty one, a slash, a dot segment or an encoded delimiter throws LedgateError BAD_QUESTION.
 */
export function resourcePath(texts: TemplateStringsArray, ...values: readonly unknown[]): string {
  const joined = texts.reduce((path, text, i) => path + segment('a value', values[i - 1]) + text);
  return checkedResource(joined);
}
