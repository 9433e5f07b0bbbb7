import type { Context } from 'hono';
import { viewOf } from '../page-request.js';
import type { PagesContext } from '../pages-context.js';
import type { TextKey } from '../texts/en.js';
import type { Translate } from '../texts/language.js';
import type { Said } from '../view/view.js';
import { accountFacts } from './account-facts.js';
import { AccountPage } from './account-page.js';
import type { AccountPlace } from './account-place.js';

const done = 'done';
/** What may be said by an address alone. */
const sayable: readonly string[] = [
  'account.ended',
  'account.endedOthers',
  'account.revoked',
  'account.withdrawn',
  'account.removed',
  'account.connected',
  'account.verified',
  'account.disconnected',
  'enrol.done',
] satisfies TextKey[];

/** The account, with a word about what was done: loading it again repeats nothing. */
export function accountHref({ base }: AccountPlace, what: TextKey): string {
  return `${base}?${done}=${what}`;
}

function saidBy(c: Context, t: Translate): Said | undefined {
  const key = c.req.query(done) ?? '';
  return sayable.includes(key) ? { kind: 'good', text: t(key as TextKey) } : undefined;
}

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
  view.query.delete(done);
  const logoutHref = `${tenant.path}/logout`;
  const frame = { view, base: path, logoutHref, name: facts.name, said: said ?? saidBy(c, view.t) };
  return c.html(<AccountPage frame={frame} facts={facts} />, status);
}
