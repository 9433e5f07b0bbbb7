import type { Context, Hono } from 'hono';
import { Failure, type Reason } from '#libs/errors/failure.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { requestReset, resetPassword } from '#services/identity/app/login/reset-password.js';
import { credentialsRejected } from '#services/identity/app/verify-password.js';
import { requestSignUp, signUp } from '#services/identity/app/login/sign-up.js';
import { leastPassword } from '../least-password.js';
import { fieldsOf, viewOf, type Fields } from '../page-request.js';
import type { PagesContext } from '../pages-context.js';
import { passwordProblem, refusalOf } from '../refusal.js';
import { tenantOf } from '../account/account-place.js';
import { tenantById, type TenantPlace } from '../tenant-place.js';
import type { Said, View } from '../view/view.js';
import { NotePage } from '../view/note-page.js';
import { AskResetPage, AskSignUpPage, ResetPage, SignUpPage } from './entry-pages.js';

/** Asking for links, and what the links lead to. The answers never say whether there is an account. */
export function addEntryRoutes(app: Hono, pages: PagesContext): void {
  app.get('/t/:slug/reset', (c) => askReset(pages, c));
  app.post('/t/:slug/reset', (c) => sendReset(pages, c));
  app.get('/t/:slug/sign-up', (c) => askSignUp(pages, c));
  app.post('/t/:slug/sign-up', (c) => sendSignUp(pages, c));
  for (const kind of ['reset', 'sign-up'] as const) {
    app.get(`/${kind}`, (c) => {
      const link = linkOf(pages, c, kind, c.req.query('token') ?? '');
      return linkPage(link, () => '', undefined, undefined);
    });
    app.post(`/${kind}`, (c) => useLink(pages, c, kind));
  }
}

function askReset(pages: PagesContext, c: Context): Response | Promise<Response> {
  const { name, path } = tenantOf(pages, c);
  return c.html(<AskResetPage view={viewOf(pages, c, name)} base={path} loginName="" />);
}

async function sendReset(pages: PagesContext, c: Context): Promise<Response> {
  const { id: tenant, name, path } = tenantOf(pages, c);
  const view = viewOf(pages, c, name);
  let loginName = '';
  try {
    const fields = await fieldsOf(pages, c);
    loginName = fields('login_name');
    const source = pages.sourceOf(c);
    requestReset(pages.parts, { tenant, loginName, language: view.language, source });
  } catch (error) {
    const { said, status } = refusalOf(error, view.t, 'error.other');
    return c.html(<AskResetPage {...{ view, said, loginName }} base={path} />, status);
  }
  return sent(c, view, 'reset', path);
}

function askSignUp(pages: PagesContext, c: Context): Response | Promise<Response> {
  const { name, path } = tenantOf(pages, c);
  return c.html(<AskSignUpPage view={viewOf(pages, c, name)} base={path} mail="" />);
}

async function sendSignUp(pages: PagesContext, c: Context): Promise<Response> {
  const { id: tenant, name, path } = tenantOf(pages, c);
  const view = viewOf(pages, c, name);
  let mail = '';
  try {
    const fields = await fieldsOf(pages, c);
    mail = fields('email').trim();
    const source = pages.sourceOf(c);
    requestSignUp(pages.parts, { tenant, email: mail, language: view.language, source });
  } catch (error) {
    const closed = error instanceof Failure && error.reason === 'WRONG_STATE';
    if (closed) throw new Failure('NOT_FOUND', error.message);
    const { said, status } = refusalOf(error, view.t, 'error.other');
    return c.html(<AskSignUpPage {...{ view, said, mail }} base={path} />, status);
  }
  return sent(c, view, 'signUp', path);
}

function sent(
  c: Context,
  view: View,
  kind: 'reset' | 'signUp',
  path: string,
): Response | Promise<Response> {
  const { t } = view;
  return c.html(
    <NotePage
      view={view}
      title={t(`${kind}.sent`)}
      lead={t(`${kind}.sentLead`)}
      href={`${path}/login`}
      word={t('reset.backToLogin')}
    />,
  );
}

type Kind = 'reset' | 'sign-up';

/** What a link that was good once is refused with: used already, or overtaken by another. */
const linkOver: ReadonlySet<Reason> = new Set(['WRONG_STATE', 'ALREADY_USED', 'NAME_TAKEN']);

/** A mailed link that somebody has opened. */
interface Link {
  readonly pages: PagesContext;
  readonly c: Context;
  readonly kind: Kind;
  readonly token: string;
  /** Absent: the link is over. */
  readonly tenant: TenantPlace | undefined;
  readonly view: View;
}

function linkOf(pages: PagesContext, c: Context, kind: Kind, token: string): Link {
  const tenant = tenantOfLink(pages.parts, kind, token);
  const view = viewOf(pages, c, tenant?.name);
  return { pages, c, kind, token, tenant, view };
}

function tenantOfLink(parts: IdentityParts, kind: Kind, token: string): TenantPlace | undefined {
  const purpose = kind === 'reset' ? 'password reset' : 'sign-up';
  const opened = parts.proofs.tickets.open(purpose, token, parts.clock.wallMs());
  if (opened === undefined) return undefined;
  return tenantById(parts, (opened.content as { readonly tenant: string }).tenant);
}

function linkPage(
  { pages, c, kind, token, tenant, view }: Link,
  fields: Fields,
  problem: string | undefined,
  said: Said | undefined,
): Response | Promise<Response> {
  if (tenant === undefined) {
    const { t } = view;
    return c.html(<NotePage view={view} title={t('error.title')} lead={t('error.link')} />, 404);
  }
  const least = leastPassword(pages.parts, tenant.id);
  const props = { view, token, least, problem, said, base: tenant.path, action: `/${kind}` };
  const status = problem === undefined && said === undefined ? 200 : 422;
  return kind === 'reset'
    ? c.html(<ResetPage {...props} />, status)
    : c.html(<SignUpPage {...props} name={fields('name')} />, status);
}

async function useLink(pages: PagesContext, c: Context, kind: Kind): Promise<Response> {
  let link = linkOf(pages, c, kind, '');
  let fields: Fields = () => '';
  try {
    fields = await fieldsOf(pages, c);
    const token = fields('token');
    const tenant = tenantOfLink(pages.parts, kind, token);
    link = { ...link, token, tenant, view: { ...link.view, tenantName: tenant?.name } };
    const password = fields('password');
    const { signal } = c.req.raw;
    if (kind === 'reset') await resetPassword(pages.parts, token, password, signal);
    else await signUp(pages.parts, { token, displayName: fields('name'), password }, signal);
  } catch (error) {
    return refused(link, fields, error);
  }
  const { view, tenant } = link;
  const text = view.t(kind === 'reset' ? 'reset.done' : 'signUp.done');
  return c.html(
    <NotePage
      view={view}
      title={view.t(kind === 'reset' ? 'reset.choose' : 'signUp.finish')}
      said={{ kind: 'good', text }}
      href={`${tenant?.path ?? ''}/login`}
      word={view.t('login.submit')}
    />,
  );
}

function refused(link: Link, fields: Fields, error: unknown): Response | Promise<Response> {
  const { pages, view, tenant } = link;
  const least = tenant === undefined ? 0 : leastPassword(pages.parts, tenant.id);
  const problem = passwordProblem(error, view.t, least);
  if (problem !== undefined) return linkPage(link, fields, problem, undefined);
  const over = error instanceof Failure && linkOver.has(error.reason);
  const { said } = refusalOf(over ? credentialsRejected() : error, view.t, 'error.link');
  return linkPage(link, fields, undefined, said);
}
