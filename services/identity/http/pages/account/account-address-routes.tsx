import type { Context, Hono } from 'hono';
import {
  confirmNameVerification,
  startNameVerification,
} from '#services/identity/app/factors/verify-name.js';
import { fieldsOf, viewOf } from '../page-request.js';
import type { PagesContext } from '../pages-context.js';
import { refusalOf } from '../refusal.js';
import { Field, Form, Submit } from '../view/form-parts.js';
import { NotePage } from '../view/note-page.js';
import type { Said } from '../view/view.js';
import { accountOwner, accountPlace, type AccountPlace } from './account-place.js';
import { accountHref, showAccount } from './show-account.js';

/** Verifying an address that somebody else has typed, by a code that is sent there. */
export function addAccountAddressRoutes(app: Hono, pages: PagesContext, base: string): void {
  app.post(`${base}/addresses/verify`, (c) => send(pages, c));
  app.post(`${base}/addresses/confirm`, (c) => confirm(pages, c));
}

async function send(pages: PagesContext, c: Context): Promise<Response> {
  const place = await accountPlace(pages, c);
  const fields = await fieldsOf(pages, c);
  const owner = await accountOwner(pages, c);
  const address = fields('address');
  try {
    const { ticket } = await startNameVerification(pages.parts, owner, address);
    return await codePage(pages, c, place, { address, ticket });
  } catch (error) {
    const { said, status } = refusalOf(error, viewOf(pages, c, undefined).t, 'error.other');
    return showAccount(pages, c, place, said, status);
  }
}

async function confirm(pages: PagesContext, c: Context): Promise<Response> {
  const place = await accountPlace(pages, c);
  const fields = await fieldsOf(pages, c);
  const owner = await accountOwner(pages, c);
  const [address, ticket] = [fields('address'), fields('ticket')];
  const code = fields('answer').replaceAll(/\s/gu, '');
  try {
    await confirmNameVerification(pages.parts, owner, { ticket, code });
  } catch (error) {
    const { said } = refusalOf(error, viewOf(pages, c, undefined).t, 'error.code');
    return codePage(pages, c, place, { address, ticket }, said);
  }
  return c.redirect(accountHref(place, 'account.verified'), 303);
}

function codePage(
  pages: PagesContext,
  c: Context,
  { tenant, base }: AccountPlace,
  carry: { readonly address: string; readonly ticket: string },
  said?: Said,
): Response | Promise<Response> {
  const view = { ...viewOf(pages, c, tenant.name), path: base };
  const { t } = view;
  const title = t('account.verifyWhat', { name: carry.address });
  return c.html(
    <NotePage
      view={view}
      title={title}
      lead={t('account.verifyLead', { name: carry.address })}
      said={said}
      href={base}
      word={t('account.title')}
    >
      <Form view={view} action={`${base}/addresses/confirm`} carry={carry}>
        <Field
          name="answer"
          label={t('factor.code')}
          autocomplete="one-time-code"
          code="numeric"
          focus={said === undefined}
        />
        <Submit>{t('account.verify')}</Submit>
      </Form>
    </NotePage>,
    said === undefined ? 200 : 422,
  );
}
