import type { Context, Hono } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { factorChoices } from '#services/identity/app/login/account-factors.js';
import { answerFactor, chooseFactor } from '#services/identity/app/login/answer-factor.js';
import { beginLogin, type LoginStand } from '#services/identity/app/login/begin-login.js';
import type { FactorAnswer } from '#services/identity/app/login/check-factor.js';
import { openLogin } from '#services/identity/app/login/login-ticket.js';
import { finishPasskeyLogin } from '#services/identity/app/login/passkey-login.js';
import { changePassword } from '#services/identity/app/passwords.js';
import { factorPolicy } from '#services/identity/domain/factor/policy.js';
import { contentSecurityPolicy } from '../../security-headers.js';
import { enrolmentKinds } from '../enrol/enrolment.js';
import { afterEnrolment } from '../enrol/after-enrolment.js';
import { addEnrolRoutes } from '../enrol/enrol-routes.js';
import { ChooseEnrolmentPage } from '../enrol/enrol-pages.js';
import { ChangePasswordPage } from '../entry/entry-pages.js';
import { leastPassword } from '../least-password.js';
import { fieldsOf, viewOf, type Fields } from '../page-request.js';
import type { PagesContext } from '../pages-context.js';
import { passwordProblem, refusalOf } from '../refusal.js';
import type { TextKey } from '../texts/en.js';
import type { Said, View } from '../view/view.js';
import { AnswerFactorPage, ChooseFactorPage, LoginPage } from './login-pages.js';
import { finishUpstream } from '#services/identity/app/upstream/finish-upstream.js';
import { takeReturn } from './upstream-routes.js';
import {
  deviceToken,
  finish,
  frameOf,
  labelOf,
  passkeyOffer,
  type LoginPlace,
} from './login-place.js';

/** One request at a place where somebody logs in. */
interface At {
  readonly pages: PagesContext;
  readonly c: Context;
  readonly place: LoginPlace;
  readonly view: View;
  readonly fields: Fields;
}

type Kind = 'PASSKEY' | 'TOTP' | 'SMS' | 'EMAIL' | 'RECOVERY_CODE';
const kinds: readonly string[] = ['PASSKEY', 'TOTP', 'SMS', 'EMAIL', 'RECOVERY_CODE'];
type Status = 200 | 403 | 404 | 422 | 429 | 503;

/**
 * Logging in at `path`: each step is a form, and what was done so far is in a sealed ticket that the
 * form carries. `placeOf` rejects when there is no such place.
 */
export function addLoginRoutes(
  app: Hono,
  pages: PagesContext,
  path: string,
  placeOf: (c: Context) => Promise<LoginPlace>,
): void {
  const step = (below: string, wrong: TextKey, run: (at: At) => Promise<Response>): void => {
    app.post(`${path}${below}`, async (c) => {
      const place = await placeOf(c);
      const view = viewOf(pages, c, place.tenant.name, place.uiLocales);
      c.header('content-security-policy', contentSecurityPolicy(place.formOrigins));
      const at = { pages, c, place, view, fields: (): string => '' };
      try {
        return await run({ ...at, fields: await fieldsOf(pages, c) });
      } catch (error) {
        const { said, status } = refusalOf(error, view.t, wrong);
        return loginPage(at, said, status);
      }
    });
  };
  app.get(path, async (c) => showLogin(pages, c, await placeOf(c)));
  step('', 'error.credentials', begin);
  step('/factors', 'error.expired', async (at) => choosePage(at, at.fields('ticket')));
  step('/choose', 'error.expired', choose);
  step('/factor', 'error.code', answer);
  step('/passkey', 'error.passkey', passkeyAlone);
  step('/password', 'error.credentials', newPassword);
  addEnrolRoutes(app, pages, path, {
    by: 'LOGIN',
    frameOf: async (c) => {
      const { tenant, base, uiLocales } = await placeOf(c);
      const view = viewOf(pages, c, tenant.name, uiLocales);
      return { view, base, back: undefined };
    },
    finished: async (c, enrolled) => afterEnrolment(pages, c, await placeOf(c), enrolled),
  });
  app.get(`${path}/upstream`, async (c) => fromUpstream(pages, c, await placeOf(c)));
  // A step that is loaded again, or in another language, begins anew.
  app.get(`${path}/:step{.+}`, async (c) => {
    const { base } = await placeOf(c);
    viewOf(pages, c, undefined);
    return c.redirect(base, 303);
  });
}

/** The first page of logging in. */
export function showLogin(pages: PagesContext, c: Context, place: LoginPlace): Promise<Response> {
  const view = viewOf(pages, c, place.tenant.name, place.uiLocales);
  c.header('content-security-policy', contentSecurityPolicy(place.formOrigins));
  return loginPage({ pages, c, place, view, fields: () => '' }, undefined, 200);
}

async function loginPage(
  { pages, c, place, view, fields }: At,
  said: Said | undefined,
  status: Status,
): Promise<Response> {
  const frame = frameOf(pages, place, view, said);
  const typed = fields('login_name');
  const loginName = typed === '' ? place.loginHint : typed;
  const passkey = await passkeyOffer(pages, c);
  return c.html(<LoginPage frame={frame} loginName={loginName} passkey={passkey} />, status);
}

async function begin(at: At): Promise<Response> {
  const { pages, c, place, fields } = at;
  const loginName = fields('login_name');
  try {
    const stand = await beginLogin(pages.parts, {
      tenant: place.tenant.id,
      loginName,
      password: fields('password'),
      source: pages.sourceOf(c),
      deviceToken: deviceToken(pages, c),
      label: labelOf(c),
      signal: c.req.raw.signal,
    });
    return await after(at, stand);
  } catch (error) {
    const { said, status } = refusalOf(error, at.view.t, 'error.credentials');
    return loginPage(at, said, status);
  }
}

async function after(at: At, stand: LoginStand): Promise<Response> {
  const { pages, c, place, view } = at;
  if ('done' in stand) return finish(pages, c, place, stand.done);
  if ('mustChangePassword' in stand) return mustChange(at, undefined);
  const { ticket, factors, enrolmentRequired } = stand;
  if (enrolmentRequired) {
    const { t, tenantName = '' } = view;
    return c.html(
      <ChooseEnrolmentPage
        frame={{ view, base: place.base, loginTicket: ticket, back: undefined }}
        title={t('enrol.title')}
        lead={t('enrol.lead', { tenant: tenantName })}
        kinds={enrolmentKinds(pages.parts, place.tenant.id)}
      />,
    );
  }
  const [first, second] = factors;
  const onlyOne = second === undefined || second.kind === 'RECOVERY_CODE';
  // Somebody who comes by an address alone, from a provider, asks for a message by a form of ours.
  const sends = first?.kind === 'SMS' || first?.kind === 'EMAIL';
  const asks = onlyOne && !(sends && c.req.method === 'GET');
  if (first === undefined || !asks) return choosePage(at, ticket);
  return ask(at, ticket, first.kind, first.credential);
}

/** Somebody comes back from a provider of the tenant. */
async function fromUpstream(pages: PagesContext, c: Context, place: LoginPlace): Promise<Response> {
  const view = viewOf(pages, c, place.tenant.name, place.uiLocales);
  c.header('content-security-policy', contentSecurityPolicy(place.formOrigins));
  const at: At = { pages, c, place, view, fields: () => '' };
  const back = takeReturn(pages, c);
  try {
    const stand = await finishUpstream(pages.parts, {
      ...back,
      tenant: place.tenant.id,
      base: place.base,
      again: place.again,
      deviceToken: deviceToken(pages, c),
      label: labelOf(c),
      signal: c.req.raw.signal,
    });
    return await after(at, stand);
  } catch (error) {
    const unknown = error instanceof Failure && error.reason === 'NOT_FOUND';
    if (unknown) return loginPage(at, { kind: 'bad', text: view.t('upstream.unknown') }, 403);
    const { said, status } = refusalOf(error, view.t, 'upstream.failed');
    return loginPage(at, said, status);
  }
}

function choicesOf({ pages: { parts } }: At, ticket: string) {
  const { tenant, principal } = openLogin(parts, ticket);
  return factorChoices(documentsOf(parts.ledger.state), tenant, principal);
}

async function choosePage(at: At, ticket: string): Promise<Response> {
  const { pages, c, place, view } = at;
  const title = view.t('factor.title');
  const factors = choicesOf(at, ticket);
  const frame = frameOf(pages, place, view);
  return c.html(<ChooseFactorPage frame={frame} title={title} ticket={ticket} factors={factors} />);
}

async function choose(at: At): Promise<Response> {
  const { fields } = at;
  const kind = fields('kind');
  if (!kinds.includes(kind)) return choosePage(at, fields('ticket'));
  return ask(at, fields('ticket'), kind as Kind, fields('credential'));
}

/** Makes a factor ready where that is needed, and asks for it. */
async function ask(at: At, ticket: string, kind: Kind, credential: string): Promise<Response> {
  if (kind === 'RECOVERY_CODE' || kind === 'TOTP') {
    return answerPage(at, { ticket, kind, credential, options: undefined });
  }
  const ready = await chooseFactor(at.pages.parts, ticket, credential);
  const options = ready.passkeyOptions === '' ? undefined : ready.passkeyOptions;
  return answerPage(at, { ticket: ready.ticket, kind, credential, options });
}

function answerPage(
  at: At,
  asked: {
    readonly ticket: string;
    readonly kind: Kind;
    readonly credential: string;
    readonly options: string | undefined;
  },
  said?: Said,
  status: Status = 200,
): Response | Promise<Response> {
  const { pages, c, place, view } = at;
  const view0 = documentsOf(pages.parts.ledger.state);
  const remember = factorPolicy(view0, place.tenant.id).rememberDevicesDays > 0;
  const others = choicesOf(at, asked.ticket).length > 1;
  const frame = frameOf(pages, place, view, said);
  const title = view.t('factor.title');
  return c.html(<AnswerFactorPage {...asked} {...{ frame, title, others, remember }} />, status);
}

async function answer(at: At): Promise<Response> {
  const { pages, c, place, view, fields } = at;
  const [ticket, credential] = [fields('ticket'), fields('credential')];
  const kind = (kinds.includes(fields('kind')) ? fields('kind') : 'TOTP') as Kind;
  try {
    const login = await answerFactor(pages.parts, ticket, answerOf(kind, credential, fields));
    return await finish(pages, c, place, login, fields('remember') === 'yes');
  } catch (error) {
    const wrong = kind === 'PASSKEY' ? 'error.passkey' : 'error.code';
    const { said, status } = refusalOf(error, view.t, wrong);
    if (said.text !== view.t(wrong)) return loginPage(at, said, status);
    // A passkey signs a new challenge each time; the ticket of a code is good for the next try.
    const again =
      kind === 'PASSKEY' ? await chooseFactor(pages.parts, ticket, credential) : undefined;
    const asked = { kind, credential, ticket: again?.ticket ?? ticket };
    return answerPage(at, { ...asked, options: again?.passkeyOptions }, said, status);
  }
}

function answerOf(kind: Kind, credential: string, fields: Fields): FactorAnswer {
  if (kind === 'PASSKEY') return { kind, json: fields('response') };
  if (kind === 'RECOVERY_CODE') return { kind, code: fields('answer') };
  return { kind: 'CODE', code: fields('answer').replaceAll(/\s/gu, ''), credential };
}

async function passkeyAlone({ pages, c, place, fields }: At): Promise<Response> {
  const claim = { tenant: place.tenant.id, ticket: fields('ticket'), json: fields('response') };
  return finish(pages, c, place, await finishPasskeyLogin(pages.parts, claim));
}

function mustChange(
  at: At,
  problem: string | undefined,
  said?: Said,
): Response | Promise<Response> {
  const { pages, c, place, view, fields } = at;
  const { t } = view;
  return c.html(
    <ChangePasswordPage
      view={view}
      base={place.tenant.path}
      action={`${place.base}/password`}
      least={leastPassword(pages.parts, place.tenant.id)}
      title={t('must.title')}
      lead={t('must.lead')}
      carry={{ login_name: fields('login_name') }}
      problem={problem}
      said={said}
    />,
    problem === undefined && said === undefined ? 200 : 422,
  );
}

/** The password that was set by somebody else gives way to one of the person's own. */
async function newPassword(at: At): Promise<Response> {
  const { pages, c, place, view, fields } = at;
  const { parts } = pages;
  const tenant = place.tenant.id;
  const account = { loginName: fields('login_name') };
  const source = pages.sourceOf(c);
  const { signal } = c.req.raw;
  const claim = { tenant, account, password: fields('current'), source, signal };
  const head = { commandId: '', requestDigest: '', reason: '', traceparent: '' };
  try {
    await changePassword(
      parts,
      { ...claim, loggedIn: false, deviceToken: deviceToken(pages, c) },
      fields('password'),
      head,
    );
  } catch (error) {
    const problem = passwordProblem(error, view.t, leastPassword(parts, tenant));
    if (problem !== undefined) return mustChange(at, problem);
    return mustChange(at, undefined, refusalOf(error, view.t, 'error.password').said);
  }
  return begin(at);
}
