import type { Child } from 'hono/jsx';
import { Hono } from 'hono';
import { AccountPage } from '../../../services/identity/http/pages/account/account-page.js';
import { LogoutPage } from '../../../services/identity/http/pages/account/logout-page.js';
import * as engine from '../../../services/identity/http/pages/engine-pages.js';
import { ConsentPage } from '../../../services/identity/http/pages/consent/consent-page.js';
import * as enrol from '../../../services/identity/http/pages/enrol/enrol-pages.js';
import * as entry from '../../../services/identity/http/pages/entry/entry-pages.js';
import * as login from '../../../services/identity/http/pages/login/login-pages.js';
import { serveStatic } from '../../../services/identity/http/pages/static-files.js';
import { translator, type Language } from '../../../services/identity/http/pages/texts/language.js';
import { NotePage } from '../../../services/identity/http/pages/view/note-page.js';
import type { Said, View } from '../../../services/identity/http/pages/view/view.js';
import { contentSecurityPolicy } from '../../../services/identity/http/security-headers.js';

const atMs = Date.UTC(2026, 10, 24, 9, 30);
const picture =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M1 1h3v3H1zM5 1h3v3H5zM1 5h3v3H1z"/></svg>';

/** Every page with something on it, in one language. What forms lead to is not there. */
export function galleryPages(language: Language): Readonly<Record<string, Child>> {
  const t = translator(language);
  const path = '/page';
  const query = new URLSearchParams();
  const view: View = { t, language, csrf: 'x', tenantName: 'Acme Inc.', path, query };
  const bad: Said = { kind: 'bad', text: t('error.credentials') };
  const frame: login.LoginFrame = {
    view,
    base: '/t/acme/login',
    client: undefined,
    again: false,
    upstreams: [],
    resetHref: '/t/acme/reset',
    signUpHref: '/t/acme/sign-up',
  };
  const passkey = { ticket: 't', options: '{"challenge":"AA"}' };
  const factors = [
    { kind: 'PASSKEY', credential: '1', name: 'Laptop' },
    { kind: 'TOTP', credential: '2', name: 'Phone' },
    { kind: 'SMS', credential: '3', name: '' },
    { kind: 'RECOVERY_CODE', credential: '', name: '' },
  ] as const;
  const title = t('factor.title');
  const answer = { frame, title, ticket: 't', credential: '1', others: true, options: undefined };
  const enrolFrame = { view, base: '/t/acme/account', loginTicket: '', back: '/t/acme/account' };
  const password = { view, base: '/t/acme', action: '/t/acme/reset', token: 't', least: 15 };
  const carry = { login_name: 'ada', current: 'x' };
  const plain = { ...view, tenantName: undefined, path: '' };
  const engineForm = { view: plain, action: '/oauth/x', xsrf: 'x' };
  return {
    login: <login.LoginPage frame={frame} loginName="" passkey={passkey} />,
    'login-refused': (
      <login.LoginPage
        frame={{ ...frame, said: bad, client: 'Order desk' }}
        loginName="ada"
        passkey={undefined}
      />
    ),
    'choose-factor': (
      <login.ChooseFactorPage frame={frame} title={title} ticket="t" factors={factors} />
    ),
    totp: <login.AnswerFactorPage {...answer} kind="TOTP" remember />,
    sms: <login.AnswerFactorPage {...answer} kind="SMS" remember={false} />,
    passkey: <login.AnswerFactorPage {...answer} kind="PASSKEY" options="{}" remember={false} />,
    recovery: <login.AnswerFactorPage {...answer} kind="RECOVERY_CODE" remember={false} />,
    'ask-reset': <entry.AskResetPage view={view} base="/t/acme" loginName="" />,
    sent: <NotePage view={view} title={t('reset.sent')} lead={t('reset.sentLead')} />,
    reset: <entry.ResetPage {...password} problem={t('error.passwordWeak')} />,
    'ask-sign-up': <entry.AskSignUpPage view={view} base="/t/acme" mail="" />,
    'sign-up': <entry.SignUpPage {...password} name="" />,
    'change-password': (
      <entry.ChangePasswordPage
        {...password}
        title={t('must.title')}
        lead={t('must.lead')}
        carry={carry}
      />
    ),
    'choose-enrolment': (
      <enrol.ChooseEnrolmentPage
        frame={enrolFrame}
        title={t('enrol.title')}
        lead={t('enrol.lead', { tenant: 'Acme Inc.' })}
        kinds={['PASSKEY', 'TOTP', 'SMS', 'EMAIL']}
      />
    ),
    'enrol-totp': (
      <enrol.EnrolTotpPage
        frame={enrolFrame}
        ticket="t"
        name=""
        picture={picture}
        typed="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
      />
    ),
    'enrol-passkey': <enrol.EnrolPasskeyPage frame={enrolFrame} ticket="t" name="" options="{}" />,
    'enrol-address': (
      <enrol.EnrolAddressPage
        frame={enrolFrame}
        kind="SMS"
        address="+49"
        problem={t('error.number')}
      />
    ),
    'confirm-address': (
      <enrol.ConfirmAddressPage frame={enrolFrame} ticket="t" name="" kind="EMAIL" address="a" />
    ),
    'recovery-codes': (
      <enrol.RecoveryCodesPage
        view={view}
        next="/t/acme/account"
        codes={Array.from({ length: 10 }, (_, at) => `k7f2-9x3m-q4t8-${String(at).repeat(4)}`)}
      />
    ),
    consent: (
      <ConsentPage
        view={view}
        base="/interaction/1"
        client="Order desk"
        name="Ada Lovelace"
        scopes={[
          { name: 'openid' },
          { name: 'profile' },
          { name: 'orders', description: 'read and place orders' },
        ]}
      />
    ),
    'device-code': <engine.DeviceCodePage {...engineForm} wrong />,
    'device-confirm': (
      <engine.DeviceConfirmPage {...engineForm} client="Television" code="QWER-TZUI" />
    ),
    'device-done': <engine.DeviceDonePage view={plain} />,
    'end-session': <engine.EndSessionPage {...engineForm} />,
    'logged-out': <engine.LoggedOutPage view={plain} />,
    'engine-error': (
      <engine.EngineErrorPage
        view={plain}
        why="redirect_uri did not match"
        code="invalid_request"
      />
    ),
    logout: <LogoutPage view={view} action="/t/acme/logout" back="/t/acme/account" />,
    account: account(view, true),
    'account-bare': account(view, false),
    error: (
      <NotePage
        view={{ ...view, tenantName: undefined }}
        title={t('error.notFound')}
        lead={t('error.notFoundLead')}
      />
    ),
  };
}

function account(view: View, rich: boolean): Child {
  const session = { session: '1', label: 'Firefox · Linux', startedAtMs: atMs, own: true };
  return (
    <AccountPage
      frame={{
        view,
        base: '/t/acme/account',
        logoutHref: '/t/acme/logout',
        name: 'Ada Lovelace',
        said: rich ? { kind: 'good', text: view.t('account.ended') } : undefined,
      }}
      facts={{
        name: 'Ada Lovelace',
        hasPassword: rich,
        codesLeft: 8,
        factors: rich
          ? [
              {
                credential: '1',
                kind: 'PASSKEY',
                name: 'Laptop',
                createdAtMs: atMs,
                blocked: false,
              },
              { credential: '2', kind: 'TOTP', name: '', createdAtMs: atMs, blocked: true },
            ]
          : [],
        unverified: rich ? ['ada@example.org'] : [],
        links: rich ? [{ identity: '5', name: 'Corp', linkedAtMs: atMs, usable: false }] : [],
        offered: rich ? [{ provider: 'school', name: 'School' }] : [],
        sessions: rich
          ? [session, { session: '2', label: '', startedAtMs: atMs, own: false }]
          : [session],
        keys: rich
          ? [{ credential: '3', name: 'nightly export', prefix: 'lgk_9f2c', expiresAtMs: atMs }]
          : [],
        apps: rich ? [{ client: '4', name: 'Order desk', scopes: ['openid', 'orders'] }] : [],
      }}
    />
  );
}

/** Serves the gallery under the policy that the real server sends: `/<language>/<page>`. */
export function galleryApp(): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    c.header('content-security-policy', contentSecurityPolicy());
    await next();
  });
  app.get('/static/:version/:name', serveStatic);
  app.get('/:language/:page', (c) => {
    const page = galleryPages(c.req.param('language') as Language)[c.req.param('page')];
    return page === undefined ? c.notFound() : c.html(<>{page}</>);
  });
  return app;
}
