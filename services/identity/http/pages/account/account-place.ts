import type { Context } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import { factorOwner, type FactorOwner } from '#services/identity/app/factors/factor-owner.js';
import { findSession, visitSession, type Session } from '#services/identity/app/sessions.js';
import type { LoginPlace } from '../login/login-place.js';
import type { PagesContext } from '../pages-context.js';
import { tenantBySlug, type TenantPlace } from '../tenant-place.js';

/** Whoever is logged in, at the account pages of a tenant. */
export interface AccountPlace {
  readonly tenant: TenantPlace;
  readonly session: Session;
  /** Path of the account. */
  readonly base: string;
}

/** Nobody is logged in here: the login page is where to go. */
export class LoggedOut extends Error {
  override readonly name = 'LoggedOut';
  readonly loginPath: string;
  constructor(tenant: TenantPlace) {
    super('nobody is logged in');
    this.loginPath = `${tenant.path}/login`;
  }
}

/** @throws Failure NOT_FOUND, LoggedOut */
export async function accountPlace(pages: PagesContext, c: Context): Promise<AccountPlace> {
  const tenant = tenantOf(pages, c);
  const token = pages.browserSession.read(c);
  const session = token === undefined ? undefined : await visitSession(pages.parts, token);
  if (session?.tenant !== tenant.id) throw new LoggedOut(tenant);
  return { tenant, session, base: `${tenant.path}/account` };
}

/** The session of this browser, if it is one of the tenant. */
export async function ownSession(
  { parts, browserSession }: PagesContext,
  c: Context,
  tenant: string,
): Promise<Session | undefined> {
  const token = browserSession.read(c);
  const session = token === undefined ? undefined : await findSession(parts, token);
  return session?.tenant === tenant ? session : undefined;
}

/** An account whose session is too old, or too weak, proves itself first. @throws Failure STEP_UP_REQUIRED */
export function accountOwner(
  { parts, browserSession }: PagesContext,
  c: Context,
): Promise<FactorOwner> {
  return factorOwner(parts, { sessionToken: browserSession.read(c) ?? '', loginTicket: '' });
}

/** By the slug in the path. @throws Failure NOT_FOUND */
export function tenantOf({ parts }: PagesContext, c: Context): TenantPlace {
  const tenant = tenantBySlug(parts, c.req.param('slug') ?? '');
  if (tenant === undefined) throw new Failure('NOT_FOUND', 'no such tenant');
  return tenant;
}

/** Logging in on the tenant's own page leads to the account. */
export function tenantLogin(pages: PagesContext, tenant: TenantPlace): LoginPlace {
  return {
    tenant,
    base: `${tenant.path}/login`,
    client: undefined,
    loginHint: '',
    again: false,
    uiLocales: [],
    formOrigins: [],
    goOn: (c, { sessionToken }) => {
      pages.browserSession.set(c, sessionToken);
      return Promise.resolve(c.redirect(`${tenant.path}/account`, 303));
    },
  };
}
