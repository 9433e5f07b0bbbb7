import type { Context, Hono } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { generateRecoveryCodes } from '#services/identity/app/factors/recovery-codes.js';
import { removeFactor } from '#services/identity/app/factors/own-factors.js';
import type { CommandCall } from '#services/identity/app/identity-parts.js';
import { ownCall } from '#services/identity/app/session-standing.js';
import { codesLeft, recoveryOf } from '#services/identity/domain/factor/state.js';
import { addEnrolRoutes } from '../enrol/enrol-routes.js';
import { ChooseEnrolmentPage, RecoveryCodesPage } from '../enrol/enrol-pages.js';
import { enrolmentKinds } from '../enrol/enrolment.js';
import { fieldsOf, viewOf } from '../page-request.js';
import type { PagesContext } from '../pages-context.js';
import { refusalOf } from '../refusal.js';
import { accountOwner, accountPlace, type AccountPlace } from './account-place.js';
import { accountHref, showAccount } from './show-account.js';

/** Adding and removing ways to sign in. Whoever does it must have proved itself lately. */
export function addAccountFactorRoutes(app: Hono, pages: PagesContext, base: string): void {
  const path = `${base}/factors`;
  app.get(`${path}/add`, (c) => choose(pages, c));
  app.post(`${path}/remove`, (c) => remove(pages, c));
  app.post(`${base}/codes`, (c) => newCodes(pages, c));
  addEnrolRoutes(app, pages, path, {
    by: 'SESSION',
    frameOf: async (c) => {
      const { tenant, base: back } = await accountPlace(pages, c);
      return { view: viewOf(pages, c, tenant.name), base: `${back}/factors`, back };
    },
    finished: async (c, { owner: { tenant, principal } }) => {
      const place = await accountPlace(pages, c);
      const left = recoveryOf.read(documentsOf(pages.parts.ledger.state), tenant, principal);
      // The first ones come with the first factor, which was proved just now.
      const call = ownCall(place.session, { reason: 'recovery codes' });
      if (codesLeft(left) === 0) return showCodes(pages, c, place, call);
      return c.redirect(accountHref(place, 'enrol.done'), 303);
    },
  });
}

async function choose(pages: PagesContext, c: Context): Promise<Response> {
  const { tenant, base } = await accountPlace(pages, c);
  await accountOwner(pages, c);
  const view = viewOf(pages, c, tenant.name);
  return c.html(
    <ChooseEnrolmentPage
      frame={{ view, base: `${base}/factors`, loginTicket: '', back: base }}
      title={view.t('enrol.addTitle')}
      lead={view.t('enrol.addLead')}
      kinds={enrolmentKinds(pages.parts, tenant.id)}
    />,
  );
}

async function remove(pages: PagesContext, c: Context): Promise<Response> {
  const place = await accountPlace(pages, c);
  const view = viewOf(pages, c, place.tenant.name);
  const fields = await fieldsOf(pages, c);
  const owner = await accountOwner(pages, c);
  try {
    await removeFactor(pages.parts, owner, fields('credential'));
  } catch (error) {
    // Of an account that must have one.
    const last = error instanceof Failure && error.reason === 'WRONG_STATE';
    const text = view.t('error.lastFactor', { tenant: place.tenant.name });
    const said = last
      ? ({ kind: 'bad', text } as const)
      : refusalOf(error, view.t, 'error.other').said;
    return showAccount(pages, c, place, said, 422);
  }
  return c.redirect(accountHref(place, 'account.removed'), 303);
}

async function newCodes(pages: PagesContext, c: Context): Promise<Response> {
  const place = await accountPlace(pages, c);
  await fieldsOf(pages, c);
  const owner = await accountOwner(pages, c);
  return showCodes(pages, c, place, owner.call('recovery codes'));
}

async function showCodes(
  pages: PagesContext,
  c: Context,
  place: AccountPlace,
  call: CommandCall,
): Promise<Response> {
  const { principal } = place.session;
  const { codes } = await generateRecoveryCodes(pages.parts, call, principal);
  const view = { ...viewOf(pages, c, place.tenant.name), path: place.base };
  return c.html(<RecoveryCodesPage view={view} codes={codes} next={place.base} />);
}
