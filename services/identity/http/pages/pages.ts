import { Hono } from 'hono';
import type { PagesContext } from './pages-context.js';

/** The pages that a person sees: login, consent, account. */
export function pagesApp(_pages: PagesContext): Hono {
  return new Hono();
}
