import type { Context, Hono } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import {
  beginUpstream,
  upstreamMs,
  type UpstreamDeparture,
} from '#services/identity/app/upstream/begin-upstream.js';
import { ticketRefused } from '#services/identity/app/login/login-ticket.js';
import { openUpstream } from '#services/identity/app/upstream/return-upstream.js';
import { cookieName, cookieText, parseCookies } from '../../cookies.js';
import { ownSession, tenantOf } from '../account/account-place.js';
import type { PagesContext } from '../pages-context.js';
import type { TenantPlace } from '../tenant-place.js';

/**
 * Out to a provider of the tenant, and back. The answer is not looked at here: it goes on to the page
 * that it was begun at, which knows what it is for. Each provider has a way back of its own: what
 * another one sent the browser back with does not come to it.
 */
export function addUpstreamRoutes(app: Hono, pages: PagesContext): void {
  app.get('/t/:slug/upstream/:provider', async (c) => {
    const tenant = tenantOf(pages, c);
    const to = destinationOf(c, tenant);
    const session = to.stepUp ? await ownSession(pages, c, tenant.id) : undefined;
    // A link of somebody else's page does not begin a log-in here: the person does.
    if (!isOwnLink(c) || (to.stepUp && session === undefined)) return c.redirect(to.page, 303);
    const departure = {
      tenant: tenant.id,
      provider: c.req.param('provider'),
      use: to.stepUp ? 'STEP_UP' : 'LOGIN',
      base: to.stepUp ? `${to.page}/step-up` : to.page,
      again: to.stepUp || c.req.query('again') !== undefined,
      ...(session === undefined ? {} : { session: session.session }),
    } as const;
    return c.redirect(await leaveFor(pages, c, tenant, departure), 303);
  });
  app.get('/t/:slug/upstream/:provider/callback', (c) => {
    const { id } = tenantOf(pages, c);
    const { tenant, provider, base } = openUpstream(pages.parts, upstreamTicket(pages, c));
    if (tenant !== id || provider !== c.req.param('provider')) throw ticketRefused();
    return c.redirect(`${base}/upstream${new URL(c.req.url).search}`, 303);
  });
}

/** The page that a visit is for, as its address says: one of ours in any case. */
function destinationOf(c: Context, { path }: TenantPlace): { page: string; stepUp: boolean } {
  const [uid, next] = [c.req.query('interaction'), c.req.query('confirm')];
  if (next !== undefined) {
    const adding = next === 'add' ? 'add' : 'account';
    return { page: `${path}/account/confirm/${adding}`, stepUp: true };
  }
  if (uid === undefined) return { page: `${path}/login`, stepUp: false };
  if (!/^[\w-]{1,128}$/u.test(uid)) throw new Failure('NOT_FOUND', 'no such page');
  return { page: `/interaction/${uid}`, stepUp: c.req.query('step-up') !== undefined };
}

/** Begins a visit, keeps its ticket in the browser, and says where that is to go. */
export async function leaveFor(
  pages: PagesContext,
  c: Context,
  { slug }: TenantPlace,
  departure: UpstreamDeparture,
): Promise<string> {
  const by = { slug, source: pages.sourceOf(c) };
  const { location, ticket } = await beginUpstream(pages.parts, departure, by);
  keep(pages, c, ticket, upstreamMs / 1000);
  return location;
}

/** Whether a person has followed a link of ours, or typed the address. */
export function isOwnLink(c: Context): boolean {
  const site = c.req.header('sec-fetch-site') ?? 'none';
  return site === 'same-origin' || site === 'none';
}

/** What came back, and the ticket that it must fit; that is used up, however it ends. */
export function takeReturn(pages: PagesContext, c: Context) {
  const ticket = upstreamTicket(pages, c);
  keep(pages, c, '', 0);
  return {
    ticket,
    state: c.req.query('state') ?? '',
    answer: { code: c.req.query('code') ?? '', issuer: c.req.query('iss') },
    source: pages.sourceOf(c),
  };
}

function upstreamTicket({ issuer }: PagesContext, c: Context): string {
  const name = cookieName(cookie, issuer.protocol === 'https:');
  return parseCookies(c.req.header('cookie')).get(name) ?? '';
}

const cookie = 'ledgate_upstream';

function keep({ issuer }: PagesContext, c: Context, ticket: string, maxAgeS: number): void {
  const secure = issuer.protocol === 'https:';
  const text = cookieText(cookieName(cookie, secure), ticket, { secure, maxAgeS });
  c.header('set-cookie', text, { append: true });
}
