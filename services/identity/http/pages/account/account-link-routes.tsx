import type { Context, Hono } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import { keepSession } from '#services/identity/app/sessions.js';
import { linkOwn, unlinkOwn } from '#services/identity/app/upstream/own-links.js';
import { enabledUpstream } from '#services/identity/app/upstream/providers.js';
import { leaveFor, takeReturn } from '../login/upstream-routes.js';
import { fieldsOf, viewOf } from '../page-request.js';
import type { PagesContext } from '../pages-context.js';
import { refusalOf } from '../refusal.js';
import type { TextKey } from '../texts/en.js';
import { NotePage } from '../view/note-page.js';
import { accountOwner, accountPlace, type AccountPlace } from './account-place.js';
import { accountHref, showAccount } from './show-account.js';

/** Linking accounts at providers to the own one. Whoever does it must have proved itself lately. */
export function addAccountLinkRoutes(app: Hono, pages: PagesContext, base: string): void {
  const path = `${base}/links`;
  app.post(`${path}/connect`, (c) => connect(pages, c));
  app.get(`${path}/upstream`, (c) => connected(pages, c));
  app.post(`${path}/remove`, (c) => disconnect(pages, c));
}

/** Begun by a form of ours; a link leads on, as no form may end at somebody else's site. */
async function connect(pages: PagesContext, c: Context): Promise<Response> {
  const { tenant, base: back } = await accountPlace(pages, c);
  const view = viewOf(pages, c, tenant.name);
  const fields = await fieldsOf(pages, c);
  const { boundTo: session } = await accountOwner(pages, c);
  const provider = fields('provider');
  const name = enabledUpstream(pages.parts, tenant.id, provider)?.displayName;
  if (name === undefined) throw new Failure('NOT_FOUND', 'no such provider');
  const where = { tenant: tenant.id, provider, base: `${back}/links` };
  const departure = { ...where, use: 'LINK', session, again: true } as const;
  const href = await leaveFor(pages, c, tenant, departure);
  return c.html(
    <NotePage
      view={{ ...view, path: back }}
      title={view.t('account.connectWhat', { name })}
      lead={view.t('account.connectLead', { name })}
      href={href}
      word={view.t('account.connectGo', { name })}
    />,
  );
}

async function connected(pages: PagesContext, c: Context): Promise<Response> {
  const place = await accountPlace(pages, c);
  const back = takeReturn(pages, c);
  const owner = await accountOwner(pages, c);
  try {
    await linkOwn(pages.parts, owner, { ...back, base: `${place.base}/links` });
  } catch (error) {
    const other = error instanceof Failure && error.reason === 'ALREADY_EXISTS';
    return refused(pages, c, place, error, other ? 'account.linkedElsewhere' : undefined);
  }
  return c.redirect(accountHref(place, 'account.connected'), 303);
}

async function disconnect(pages: PagesContext, c: Context): Promise<Response> {
  const place = await accountPlace(pages, c);
  const fields = await fieldsOf(pages, c);
  const owner = await accountOwner(pages, c);
  const { session } = place;
  const identity = fields('identity');
  try {
    const unlinked = await unlinkOwn(pages.parts, owner, identity);
    // Everything before is dead. Who came by another way stays.
    if (session.credential === identity) {
      pages.browserSession.clear(c);
      return c.redirect(`${place.tenant.path}/login`, 303);
    }
    const { sessionToken } = await keepSession(pages.parts, session, unlinked);
    pages.browserSession.set(c, sessionToken);
  } catch (error) {
    const last = error instanceof Failure && error.reason === 'WRONG_STATE';
    return refused(pages, c, place, error, last ? 'account.lastWay' : undefined);
  }
  return c.redirect(accountHref(place, 'account.disconnected'), 303);
}

function refused(
  pages: PagesContext,
  c: Context,
  place: AccountPlace,
  error: unknown,
  own: TextKey | undefined,
): Promise<Response> {
  const { t } = viewOf(pages, c, undefined);
  if (own !== undefined) return showAccount(pages, c, place, { kind: 'bad', text: t(own) }, 422);
  const { said, status } = refusalOf(error, t, 'upstream.failed');
  return showAccount(pages, c, place, said, status);
}
