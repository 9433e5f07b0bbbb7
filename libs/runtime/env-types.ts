import { z } from 'zod';
import { Secret } from './secret.js';

/** Zod types for environment variables; all read text. */

/** A value that never prints (see Secret). */
export function secret(): z.ZodType<Secret, string> {
  return z.string().min(1).transform((text) => new Secret(text));
}
