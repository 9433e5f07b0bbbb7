import type { Context, Hono } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import { beginUpstream, upstreamMs } from '#services/identity/app/upstream/begin-upstream.js';
import { openUpstream } from '#services/identity/app/upstream/finish-upstream.js';
import { cookieName, cookieText, parseCookies } from '../../cookies.js';
import { tenantOf } from '../account/account-place.js';
import type { PagesContext } from '../pages-context.js';

/**
 * Out to a provider of the tenant, and back. The answer is not looked at here: it goes on to the login
 * page that it was begun at, which knows what it is for.
 */
export function addUpstreamRoutes(app: Hono, pages: PagesContext): void {
  app.get('/t/:slug/upstream/:provider', async (c) => {
    const { id: tenant, path } = tenantOf(pages, c);
    const uid = c.req.query('interaction') ?? '';
    if (uid !== '' && !/^[\w-]{1,128}$/u.test(uid)) throw new Failure('NOT_FOUND', 'no such page');
    const { location, ticket } = await beginUpstream(pages.parts, {
      tenant,
      provider: c.req.param('provider'),
      base: uid === '' ? `${path}/login` : `/interaction/${uid}`,
      again: c.req.query('again') !== undefined,
      source: pages.sourceOf(c),
    });
    keep(pages, c, ticket, upstreamMs / 1000);
    return c.redirect(location, 303);
  });
  app.get('/upstream/callback', (c) => {
    const { base } = openUpstream(pages.parts, upstreamTicket(pages, c));
    return c.redirect(`${base}/upstream${new URL(c.req.url).search}`, 303);
  });
}

export function upstreamTicket({ issuer }: PagesContext, c: Context): string {
  const name = cookieName(cookie, issuer.protocol === 'https:');
  return parseCookies(c.req.header('cookie')).get(name) ?? '';
}

/** What came back is used up, however it ends. */
export function forgetUpstream(pages: PagesContext, c: Context): void {
  keep(pages, c, '', 0);
}

const cookie = 'ledgate_upstream';

function keep({ issuer }: PagesContext, c: Context, ticket: string, maxAgeS: number): void {
  const secure = issuer.protocol === 'https:';
  const text = cookieText(cookieName(cookie, secure), ticket, { secure, maxAgeS });
  c.header('set-cookie', text, { append: true });
}
