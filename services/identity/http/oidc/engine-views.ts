import type { Client, ErrorOut, KoaContextWithOIDC } from 'oidc-provider';
import { html, raw } from 'hono/html';
import { staticPath } from '../pages/static-files.js';

type Html = ReturnType<typeof html>;

/** The few pages that the engine shows itself: codes of devices, logging out, and what went wrong. */
export const engineViews = {
  userCodeInput: (ctx: KoaContextWithOIDC, _form: string, out?: ErrorOut, error?: Error): void => {
    const wrong = out !== undefined || error !== undefined;
    show(
      ctx,
      'Connect a device',
      html`${
          wrong
            ? html`<p role="alert">
                That code is not right, or too old. Look at the device again.
              </p>`
            : ''
        }
        <form method="post" action="${formAction(ctx, 'code_verification')}">
          <input type="hidden" name="xsrf" value="${xsrf(ctx)}" />
          <label for="user_code">Code that the device shows</label>
          <input
            id="user_code"
            name="user_code"
            autocomplete="off"
            autocapitalize="characters"
            spellcheck="false"
            required
          />
          <button type="submit">Continue</button>
        </form>`,
    );
  },

  userCodeConfirm: (
    ctx: KoaContextWithOIDC,
    _form: string,
    client: Client,
    _info: unknown,
    userCode: string,
  ): void => {
    show(
      ctx,
      'Connect a device',
      html`<p>
          <strong>${client.clientName ?? client.clientId}</strong> asks to be connected. Go on only
          if you hold the device, and it shows
        </p>
        <p><output>${userCode}</output></p>
        <form method="post" action="${formAction(ctx, 'code_verification')}">
          <input type="hidden" name="xsrf" value="${xsrf(ctx)}" />
          <input type="hidden" name="user_code" value="${userCode}" />
          <button type="submit" name="confirm" value="yes">Connect</button>
          <button type="submit" name="abort" value="yes">Cancel</button>
        </form>`,
    );
  },

  deviceSuccess: (ctx: KoaContextWithOIDC): void => {
    show(ctx, 'Connected', html`<p>The device is connected. You can close this page.</p>`);
  },

  logout: (ctx: KoaContextWithOIDC, _form: string): void => {
    show(
      ctx,
      'Log out',
      html`<p>Do you want to log out?</p>
        <form method="post" action="${formAction(ctx, 'end_session_confirm')}">
          <input type="hidden" name="xsrf" value="${xsrf(ctx)}" />
          <button type="submit" name="logout" value="yes">Log out</button>
          <button type="submit">Stay</button>
        </form>`,
    );
  },

  loggedOut: (ctx: KoaContextWithOIDC): void => {
    show(ctx, 'Logged out', html`<p>You can close this page.</p>`);
  },

  error: (ctx: KoaContextWithOIDC, out: ErrorOut, _error: Error): void => {
    const { error, error_description: why } = out;
    show(
      ctx,
      'This did not work',
      html`<p role="alert">${why ?? error}</p>
        <p>Go back to where you came from, and try again. (${error})</p>`,
    );
  },
};

function show(ctx: KoaContextWithOIDC, title: string, content: Html | Promise<Html>): void {
  ctx.type = 'html';
  // Nothing in it has to be waited for.
  const text = page(title, content) as Awaited<Html>;
  ctx.body = text.toString();
}

function page(title: string, content: Html | Promise<Html>): Html | Promise<Html> {
  return html`${raw('<!doctype html>')}
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <link rel="stylesheet" href="${staticPath('pages.css')}" />
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;
}

function formAction(ctx: KoaContextWithOIDC, route: string): string {
  return ctx.oidc.urlFor(route);
}

function xsrf(ctx: KoaContextWithOIDC): string {
  const secret = ctx.oidc.session?.state?.['secret'];
  return typeof secret === 'string' ? secret : '';
}
