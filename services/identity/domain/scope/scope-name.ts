import { coversPattern } from '#libs/access/permission-pattern.js';
import { permissionPatternProblem } from '#services/identity/domain/names/exact-name.js';

/** Lower-case scope-tokens (RFC 6749 section 3.3), also such as `https://api.example/orders`. */
const scopeName = /^[a-z0-9](?:[a-z0-9._:/-]{0,126}[a-z0-9])?$/;

/** What is wrong with the name of a scope, or nothing. */
export function scopeNameProblem(name: string): string | undefined {
  if (scopeName.test(name)) return undefined;
  return '1 to 128 lower-case letters, digits, ".", "_", ":", "/" and "-", not at the ends';
}

/**
 * A scope that is called like a permission or a pattern allows no more than that: tokens and API keys
 * were limited by this very word before it was defined.
 */
export function wideningProblem(name: string, permission: string): string | undefined {
  if (permissionPatternProblem(name) !== undefined || coversPattern(name, permission)) {
    return undefined;
  }
  return `a scope called "${name}" allows no more than that permission: choose another name`;
}
