import type { Context } from 'hono';
import { viewOf } from '../page-request.js';
import type { PagesContext } from '../pages-context.js';
import type { Said } from '../view/view.js';
import { accountFacts } from './account-facts.js';
import { AccountPage } from './account-page.js';
import type { AccountPlace } from './account-place.js';

/** The account as it is now, and a word about what was done. */
export async function showAccount(
  pages: PagesContext,
  c: Context,
  place: AccountPlace,
  said?: Said,
  status: 200 | 403 | 404 | 422 | 429 | 503 = 200,
): Promise<Response> {
  const { tenant, session, base: path } = place;
  const facts = await accountFacts(pages.parts, session);
  const view = { ...viewOf(pages, c, tenant.name), path };
  const logoutHref = `${tenant.path}/logout`;
  const frame = { view, base: path, logoutHref, name: facts.name, said };
  return c.html(<AccountPage frame={frame} facts={facts} />, status);
}
