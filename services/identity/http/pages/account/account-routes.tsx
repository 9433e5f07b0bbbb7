import type { Context, Hono } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { execute } from '#services/identity/app/identity-parts.js';
import { changePassword } from '#services/identity/app/passwords.js';
import { ownCall } from '#services/identity/app/session-standing.js';
import { endOtherSessions, endSession, keepSession } from '#services/identity/app/sessions.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import { ChangePasswordPage } from '../entry/entry-pages.js';
import { leastPassword } from '../least-password.js';
import { addLoginRoutes } from '../login/login-routes.js';
import { deviceToken } from '../login/login-place.js';
import { addStepUpRoutes, startStepUp, type StepUpPlace } from '../login/step-up-routes.js';
import { fieldsOf, viewOf, type Fields } from '../page-request.js';
import type { PagesContext } from '../pages-context.js';
import { passwordProblem, refusalOf } from '../refusal.js';
import type { TextKey } from '../texts/en.js';
import { NotePage } from '../view/note-page.js';
import type { Said } from '../view/view.js';
import { accountPlace, tenantLogin, tenantOf, type AccountPlace } from './account-place.js';
import { addAccountFactorRoutes } from './account-factor-routes.js';
import { addAccountAddressRoutes } from './account-address-routes.js';
import { addAccountLinkRoutes } from './account-link-routes.js';
import { accountHref, showAccount } from './show-account.js';
import { LogoutPage } from './logout-page.js';

const base = '/t/:slug/account';

/** The pages of whoever is logged in; each change is a form, and answers with the whole account. */
export function addAccountRoutes(app: Hono, pages: PagesContext): void {
  addLoginRoutes(app, pages, '/t/:slug/login', (c) =>
    Promise.resolve(tenantLogin(pages, tenantOf(pages, c))),
  );
  app.get(base, async (c) => showAccount(pages, c, await accountPlace(pages, c)));
  const act = (
    path: string,
    done: TextKey,
    run: (place: AccountPlace, fields: Fields) => Promise<unknown>,
  ): void => {
    app.post(`${base}${path}`, (c) => change(pages, c, done, run));
  };
  act('/sessions/end', 'account.ended', ({ session: own }, fields) => {
    const { principal } = own;
    const ended = { session: fields('session'), principal };
    return endSession(pages.parts, ownCall(own), ended, 'LOGOUT');
  });
  act('/sessions/end-others', 'account.endedOthers', ({ session }) =>
    endOtherSessions(pages.parts, ownCall(session), session, 'LOGOUT'),
  );
  act('/keys/revoke', 'account.revoked', (place, fields) =>
    revokeKey(pages, place, fields('credential')),
  );
  act('/apps/withdraw', 'account.withdrawn', ({ session }, fields) =>
    execute(pages.parts, ownCall(session), {
      type: 'WithdrawConsent',
      principal: session.principal,
      client: fields('client'),
    }),
  );
  addAccountFactorRoutes(app, pages, base);
  addAccountLinkRoutes(app, pages, base);
  addAccountAddressRoutes(app, pages, base);
  app.get(`${base}/password`, (c) => passwordPage(pages, c, undefined, undefined));
  app.post(`${base}/password`, (c) => newPassword(pages, c));
  app.get(`${base}/confirm/:next`, (c) => confirm(pages, c));
  addStepUpRoutes(app, pages, `${base}/confirm/:next/step-up`, (c) => confirmPlace(pages, c));
  app.get('/t/:slug/logout', (c) => logoutPage(pages, c));
  app.post('/t/:slug/logout', (c) => logout(pages, c));
  // A step that is loaded again, or in another language.
  app.get(`${base}/:step{.+}`, (c) => {
    viewOf(pages, c, undefined);
    return c.redirect(`${tenantOf(pages, c).path}/account`, 303);
  });
  app.get('/t/:slug', (c) => c.redirect(`${tenantOf(pages, c).path}/account`, 303));
}

async function change(
  pages: PagesContext,
  c: Context,
  done: TextKey,
  run: (place: AccountPlace, fields: Fields) => Promise<unknown>,
): Promise<Response> {
  const place = await accountPlace(pages, c);
  const { t } = viewOf(pages, c, undefined);
  try {
    await run(place, await fieldsOf(pages, c));
  } catch (error) {
    const { said, status } = refusalOf(error, t, 'error.other');
    return showAccount(pages, c, place, said, status);
  }
  return c.redirect(accountHref(place, done), 303);
}

async function revokeKey(
  { parts }: PagesContext,
  { session }: AccountPlace,
  credential: string,
): Promise<void> {
  const { tenant, principal } = session;
  const key = credentials.read(documentsOf(parts.ledger.state), tenant, credential);
  if (key?.apiKey === undefined || key.principal !== principal) {
    throw new Failure('NOT_FOUND', 'no such key');
  }
  const call = ownCall(session);
  await execute(parts, call, { type: 'RevokeApiKey', credential, cause: 'OWNER' });
}

async function passwordPage(
  pages: PagesContext,
  c: Context,
  problem: string | undefined,
  said: Said | undefined,
): Promise<Response> {
  const place = await accountPlace(pages, c);
  const view = viewOf(pages, c, place.tenant.name);
  const { t } = view;
  return c.html(
    <ChangePasswordPage
      view={view}
      base={place.tenant.path}
      action={`${place.base}/password`}
      least={leastPassword(pages.parts, place.tenant.id)}
      title={t('account.changePassword')}
      lead={t('account.passwordLead')}
      carry={{}}
      back={place.base}
      problem={problem}
      said={said}
    />,
    problem === undefined && said === undefined ? 200 : 422,
  );
}

/** Ends every session but this one, which goes on under a new token. */
async function newPassword(pages: PagesContext, c: Context): Promise<Response> {
  const { parts } = pages;
  const { tenant, session, base: path } = await accountPlace(pages, c);
  const { t } = viewOf(pages, c, tenant.name);
  const account = { principal: session.principal };
  const head = { commandId: '', requestDigest: '', reason: '', traceparent: '' };
  try {
    const fields = await fieldsOf(pages, c);
    const claim = {
      tenant: tenant.id,
      account,
      loggedIn: true,
      password: fields('current'),
      source: pages.sourceOf(c),
      signal: c.req.raw.signal,
      deviceToken: deviceToken(pages, c),
    };
    const changed = await changePassword(parts, claim, fields('password'), head);
    const { sessionToken } = await keepSession(parts, session, changed);
    pages.browserSession.set(c, sessionToken);
  } catch (error) {
    const problem = passwordProblem(error, t, leastPassword(parts, tenant.id));
    if (problem !== undefined) return passwordPage(pages, c, problem, undefined);
    const { said } = refusalOf(error, t, 'error.password');
    return passwordPage(pages, c, undefined, said);
  }
  const view = viewOf(pages, c, tenant.name);
  return c.html(
    <NotePage
      view={view}
      title={t('account.changePassword')}
      said={{ kind: 'good', text: t('account.passwordSaved') }}
      href={path}
      word={t('account.title')}
    />,
  );
}

/** Stepping up inside the account leads back to it, or to what it was needed for. */
async function confirmPlace(pages: PagesContext, c: Context): Promise<StepUpPlace> {
  const { tenant, session, base: path } = await accountPlace(pages, c);
  const adding = c.req.param('next') === 'add';
  return {
    ...tenantLogin(pages, tenant),
    session,
    base: `${path}/confirm/${adding ? 'add' : 'account'}`,
    again: true,
    goOn: (to, { sessionToken }) => {
      pages.browserSession.set(to, sessionToken);
      return Promise.resolve(to.redirect(adding ? `${path}/factors/add` : path, 303));
    },
  };
}

async function confirm(pages: PagesContext, c: Context): Promise<Response> {
  const place = await confirmPlace(pages, c);
  const view = viewOf(pages, c, place.tenant.name);
  const said = { kind: 'info', text: view.t('stepUp.lead') } as const;
  return startStepUp({ pages, c, place, view, fields: () => '' }, said);
}

async function logoutPage(pages: PagesContext, c: Context): Promise<Response> {
  const { tenant, base: back } = await accountPlace(pages, c);
  const view = viewOf(pages, c, tenant.name);
  return c.html(<LogoutPage view={view} action={`${tenant.path}/logout`} back={back} />);
}

async function logout(pages: PagesContext, c: Context): Promise<Response> {
  const { tenant, session } = await accountPlace(pages, c);
  await fieldsOf(pages, c);
  await endSession(pages.parts, ownCall(session), session, 'LOGOUT');
  pages.browserSession.clear(c);
  const view = viewOf(pages, c, tenant.name);
  const { t } = view;
  return c.html(
    <NotePage
      view={view}
      title={t('logout.done')}
      lead={t('logout.doneLead')}
      href={`${tenant.path}/login`}
      word={t('login.submit')}
    />,
  );
}
