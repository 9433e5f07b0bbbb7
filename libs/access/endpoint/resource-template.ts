import { resourceProblem } from '../resource.js';

const parameter = /^\{([A-Za-z_][\w.-]{0,127})\}$/;

/** What is wrong with `projects/{project}/orders/{id}`, or nothing. `''` is the root. */
export function resourceTemplateProblem(template: string): string | undefined {
  if (template === '') return undefined;
  if (template.length > 512) return 'longer than 512 characters';
  for (const part of template.split('/')) {
    if (parameter.test(part)) continue;
    if (part === '' || /[{}]/.test(part) || resourceProblem(part) !== undefined) {
      return `is malformed at "${part}"`;
    }
  }
  return undefined;
}

/** Names that a template takes values of. */
export function resourceNames(template: string): readonly string[] {
  return template.split('/').flatMap((part) => parameter.exec(part)?.[1] ?? []);
}

/**
 * The resource that a template names with these values; undefined when one is missing, empty or more
 * than one segment, or when the whole could be read in two ways.
 */
export function fillResource(
  template: string,
  lookup: (name: string) => string | undefined,
): string | undefined {
  if (template === '') return '';
  const parts: string[] = [];
  for (const part of template.split('/')) {
    const name = parameter.exec(part)?.[1];
    const text = name === undefined ? part : lookup(name);
    if (text === undefined || text === '' || text.includes('/')) return undefined;
    parts.push(text);
  }
  const resource = parts.join('/');
  return resourceProblem(resource) === undefined ? resource : undefined;
}
