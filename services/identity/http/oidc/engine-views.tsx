import type { Client, ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import type { JSX } from 'hono/jsx/jsx-runtime';
import * as pages from '../pages/engine-pages.js';
import { languageOfHeaders } from '../pages/page-request.js';
import { translator } from '../pages/texts/language.js';
import type { View } from '../pages/view/view.js';

/** The few pages that the engine shows itself: codes of devices, logging out, and what went wrong. */
export const engineViews = {
  userCodeInput: (ctx: KoaContextWithOIDC, _form: string, out?: ErrorOut, error?: Error): void => {
    const wrong = out !== undefined || error !== undefined;
    show(ctx, <pages.DeviceCodePage {...formOf(ctx, 'code_verification')} wrong={wrong} />);
  },

  userCodeConfirm: (
    ctx: KoaContextWithOIDC,
    _form: string,
    { clientName, clientId }: Client,
    _info: unknown,
    code: string,
  ): void => {
    const form = formOf(ctx, 'code_verification');
    const client = clientName ?? clientId;
    show(ctx, <pages.DeviceConfirmPage {...form} client={client} code={code} />);
  },

  deviceSuccess: (ctx: KoaContextWithOIDC): void => {
    show(ctx, <pages.DeviceDonePage view={viewOf(ctx)} />);
  },

  logout: (ctx: KoaContextWithOIDC, _form: string): void => {
    show(ctx, <pages.EndSessionPage {...formOf(ctx, 'end_session_confirm')} />);
  },

  loggedOut: (ctx: KoaContextWithOIDC): void => {
    show(ctx, <pages.LoggedOutPage view={viewOf(ctx)} />);
  },

  error: (ctx: KoaContextWithOIDC, out: ErrorOut, _error: Error): void => {
    const { error: code, error_description: why = '' } = out;
    show(ctx, <pages.EngineErrorPage view={viewOf(ctx)} why={why} code={code} />);
  },
};

function show(ctx: KoaContextWithOIDC, page: JSX.Element): void {
  ctx.type = 'html';
  // Nothing in it has to be waited for.
  ctx.body = (page as { toString(): string }).toString();
}

/** In the language of the browser, or that of a choice before; none is offered here. */
function viewOf(ctx: KoaContextWithOIDC): View {
  const language = languageOfHeaders(ctx.headers, ctx.secure);
  const query = new URLSearchParams();
  const t = translator(language);
  return { t, language, csrf: '', tenantName: undefined, path: '', query };
}

function formOf(
  ctx: KoaContextWithOIDC,
  route: string,
): { readonly view: View; readonly action: string; readonly xsrf: string } {
  const secret = ctx.oidc.session?.state?.['secret'];
  const xsrf = typeof secret === 'string' ? secret : '';
  return { view: viewOf(ctx), action: ctx.oidc.urlFor(route), xsrf };
}
