import type { Context } from 'hono';
import { documentsOf } from '#services/identity/app/accounts.js';
import { finishLogin } from '#services/identity/app/login/finish-login.js';
import type { VerifiedLogin } from '#services/identity/app/login/verified-login.js';
import { startPasskeyLogin } from '#services/identity/app/login/passkey-login.js';
import { endSession, findSession, type StartedSession } from '#services/identity/app/sessions.js';
import { ownCall } from '#services/identity/app/session-standing.js';
import { offeredUpstreams } from '#services/identity/app/upstream/providers.js';
import { tenantSettings } from '#services/identity/domain/tenant/state.js';
import { cookieName, cookieText, parseCookies } from '../../cookies.js';
import { deviceLabel } from '../device-label.js';
import type { PagesContext } from '../pages-context.js';
import type { TenantPlace } from '../tenant-place.js';
import type { Said, View } from '../view/view.js';
import type { LoginFrame, PasskeyOffer } from './login-pages.js';

/** A place where somebody logs in: a tenant's own page, or a client's authorization request. */
export interface LoginPlace {
  readonly tenant: TenantPlace;
  /** Path of the login page; what it leads to is below. */
  readonly base: string;
  readonly client: { readonly id: string; readonly name: string } | undefined;
  readonly loginHint: string;
  readonly again: boolean;
  readonly uiLocales: readonly string[];
  /** For the content security policy: where forms may end. */
  readonly formOrigins: readonly string[];
  /** Where whoever is logged in goes on. */
  goOn(c: Context, started: Pick<StartedSession, 'sessionToken'>): Promise<Response>;
}

const deviceDays = 400;

export function deviceToken({ issuer }: PagesContext, c: Context): string {
  const name = cookieName('ledgate_device', issuer.protocol === 'https:');
  return parseCookies(c.req.header('cookie')).get(name) ?? '';
}

export function labelOf(c: Context): string {
  return deviceLabel(c.req.header('user-agent'));
}

/** Begins the session; the one that the browser had before is over. */
export async function finish(
  pages: PagesContext,
  c: Context,
  place: LoginPlace,
  login: VerifiedLogin,
  remember = false,
): Promise<Response> {
  const { parts } = pages;
  const source = { address: pages.sourceOf(c), agent: c.req.header('user-agent') ?? '' };
  // It is the browser's session, not that of the client: others get their codes in it too.
  const given = { source, remember };
  const { deviceToken: device, ...started } = await finishLogin(parts, login, given);
  await endFormer(pages, c);
  keepDevice(pages, c, device);
  return place.goOn(c, started);
}

export function keepDevice({ issuer }: PagesContext, c: Context, token: string): void {
  const secure = issuer.protocol === 'https:';
  const options = { secure, maxAgeS: deviceDays * 86_400 };
  const text = cookieText(cookieName('ledgate_device', secure), token, options);
  c.header('set-cookie', text, { append: true });
}

async function endFormer({ parts, browserSession }: PagesContext, c: Context): Promise<void> {
  const token = browserSession.read(c);
  const former = token === undefined ? undefined : await findSession(parts, token);
  if (former !== undefined) await endSession(parts, ownCall(former), former, 'REPLACED');
}

export function frameOf(
  pages: PagesContext,
  place: LoginPlace,
  view: View,
  said?: Said,
): LoginFrame {
  const { parts } = pages;
  const { tenant, base, client, again } = place;
  const uid = /^\/interaction\/([\w-]+)$/u.exec(base)?.[1];
  const query = new URLSearchParams({
    ...(uid === undefined ? {} : { interaction: uid }),
    ...(again ? { again: '1' } : {}),
  });
  const end = query.size === 0 ? '' : `?${query.toString()}`;
  const mail = parts.delivery.mail.available;
  const settings = tenantSettings.read(documentsOf(parts.ledger.state), tenant.id, tenant.id);
  const signUp = mail && settings?.selfSignUp === true;
  return {
    view,
    base,
    client: client?.name,
    again,
    resetHref: mail ? `${tenant.path}/reset` : undefined,
    upstreams: offeredUpstreams(parts, tenant.id).map(({ provider, displayName }) => ({
      href: `${tenant.path}/upstream/${provider}${end}`,
      name: displayName,
    })),
    signUpHref: signUp ? `${tenant.path}/sign-up` : undefined,
    said,
  };
}

/** Any passkey of this site may answer the login page. */
export async function passkeyOffer(pages: PagesContext, c: Context): Promise<PasskeyOffer> {
  const { ticket, passkeyOptions } = await startPasskeyLogin(pages.parts, labelOf(c));
  return { ticket, options: passkeyOptions };
}
