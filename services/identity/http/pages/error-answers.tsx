import type { Context } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import { LoggedOut } from './account/account-place.js';
import { viewOf } from './page-request.js';
import type { PagesContext } from './pages-context.js';
import { refusalOf } from './refusal.js';
import { NotePage } from './view/note-page.js';

/** An address that leads nowhere. */
export function answerNotFound(pages: PagesContext, c: Context): Response | Promise<Response> {
  const view = viewOf(pages, c, undefined);
  const { t } = view;
  return c.html(
    <NotePage view={view} title={t('error.notFound')} lead={t('error.notFoundLead')} />,
    404,
  );
}

/** What no page has answered itself. What is our fault is in the log, under the reference shown. */
export function answerError(
  pages: PagesContext,
  c: Context,
  error: unknown,
): Response | Promise<Response> {
  if (error instanceof LoggedOut) return c.redirect(error.loginPath, 303);
  if (error instanceof Failure && error.reason === 'NOT_FOUND') return answerNotFound(pages, c);
  const account = /^\/t\/[a-z0-9-]+\/account/u.exec(c.req.path)?.[0];
  if (error instanceof Failure && error.reason === 'STEP_UP_REQUIRED' && account !== undefined) {
    const adding = /\/(?:add|enrol)/u.test(c.req.path);
    return c.redirect(`${account}/confirm/${adding ? 'add' : 'account'}`, 303);
  }
  const view = viewOf(pages, c, undefined);
  const { t } = view;
  try {
    const { said, status } = refusalOf(error, t, 'error.expired');
    return c.html(<NotePage view={view} title={t('error.title')} lead={said.text} />, status);
  } catch {
    const reference = pages.parts.ids.short();
    pages.parts.log.error({ err: error, reference }, 'a page failed');
    return c.html(
      <NotePage view={view} title={t('error.title')} lead={t('error.other')}>
        <p class="hint">{t('error.reference', { reference })}</p>
      </NotePage>,
      500,
    );
  }
}
