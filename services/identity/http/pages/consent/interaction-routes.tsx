import type { Context, Hono } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import { principalDetails } from '#services/identity/app/principals.js';
import type { InteractionDetails } from '../../oidc/interactions.js';
import { contentSecurityPolicy } from '../../security-headers.js';
import { ownSession } from '../account/account-place.js';
import { addLoginRoutes, showLogin } from '../login/login-routes.js';
import type { LoginPlace } from '../login/login-place.js';
import { addStepUpRoutes, startStepUp, type StepUpPlace } from '../login/step-up-routes.js';
import { fieldsOf, viewOf } from '../page-request.js';
import type { PagesContext } from '../pages-context.js';
import { refusalOf } from '../refusal.js';
import { tenantById } from '../tenant-place.js';
import type { Said, View } from '../view/view.js';
import { ConsentPage } from './consent-page.js';

const path = '/interaction/:uid';

/** What an authorization request needs of a person: to log in, to step up, to consent. */
export function addInteractionRoutes(app: Hono, pages: PagesContext): void {
  const { interactions } = pages;
  app.get(path, async (c) => {
    const details = await interactions.details(c);
    if (details.prompt === 'consent') return consentPage(pages, c, details, undefined);
    const place = placeOf(pages, details);
    const session = details.again ? await ownSession(pages, c, details.tenant) : undefined;
    if (session === undefined) return showLogin(pages, c, place);
    const view = viewOf(pages, c, place.tenant.name, place.uiLocales);
    c.header('content-security-policy', contentSecurityPolicy(place.formOrigins));
    return startStepUp({ pages, c, place: { ...place, session }, view, fields: () => '' });
  });
  app.post(`${path}/consent`, (c) => consent(pages, c));
  addStepUpRoutes(app, pages, `${path}/step-up`, async (c): Promise<StepUpPlace> => {
    const details = await interactions.details(c);
    const session = await ownSession(pages, c, details.tenant);
    if (session === undefined) throw new Failure('NOT_FOUND', 'nobody is logged in');
    return { ...placeOf(pages, details), session };
  });
  addLoginRoutes(app, pages, path, async (c) => placeOf(pages, await interactions.details(c)));
}

function placeOf({ parts, interactions }: PagesContext, details: InteractionDetails): LoginPlace {
  const { uid, client, loginHint = '', again, uiLocales, formOrigins } = details;
  const tenant = tenantById(parts, details.tenant);
  if (tenant === undefined) throw new Failure('NOT_FOUND', 'no such tenant');
  return {
    tenant,
    base: `/interaction/${uid}`,
    client: { id: client.id, name: client.name },
    loginHint,
    again,
    uiLocales,
    formOrigins,
    goOn: (c, { sessionToken }) => interactions.finishLogin(c, { sessionToken }),
  };
}

async function consentPage(
  pages: PagesContext,
  c: Context,
  details: InteractionDetails,
  refused: ((view: View) => Said) | undefined,
): Promise<Response> {
  const { parts } = pages;
  const place = placeOf(pages, details);
  const session = await ownSession(pages, c, details.tenant);
  if (session === undefined) throw new Failure('NOT_FOUND', 'nobody is logged in');
  const { tenant, principal } = session;
  const who = await principalDetails(parts, tenant, principal, parts.clock.wallMs());
  const name = who?.profile.displayName || who?.loginNames[0]?.value || principal;
  const view = viewOf(pages, c, place.tenant.name, place.uiLocales);
  c.header('content-security-policy', contentSecurityPolicy(place.formOrigins));
  return c.html(
    <ConsentPage
      view={view}
      base={place.base}
      client={details.client.name}
      name={name}
      scopes={details.scopes}
      said={refused?.(view)}
    />,
    refused === undefined ? 200 : 422,
  );
}

/** Yes to all that is listed, or no. */
async function consent(pages: PagesContext, c: Context): Promise<Response> {
  const { interactions } = pages;
  const details = await interactions.details(c);
  try {
    const fields = await fieldsOf(pages, c);
    if (fields('verdict') !== 'allow') return await interactions.abort(c);
    const scopes = details.scopes.map(({ name }) => name);
    return await interactions.finishConsent(c, scopes);
  } catch (error) {
    return consentPage(pages, c, details, ({ t }) => refusalOf(error, t, 'error.expired').said);
  }
}
