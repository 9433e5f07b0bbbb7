import { Hono } from 'hono';
import { addAccountRoutes } from './account/account-routes.js';
import { addInteractionRoutes } from './consent/interaction-routes.js';
import { addEntryRoutes } from './entry/entry-routes.js';
import { addUpstreamRoutes } from './login/upstream-routes.js';
import { answerError, answerNotFound } from './error-answers.js';
import type { PagesContext } from './pages-context.js';
import { serveStatic } from './static-files.js';

/** The pages that a person sees: login, sign-up, reset, consent, account. */
export function pagesApp(pages: PagesContext): Hono {
  const app = new Hono();
  app.get('/static/:version/:name', serveStatic);
  app.use(async (c, next) => {
    c.header('cache-control', 'no-store');
    await next();
  });
  addEntryRoutes(app, pages);
  addUpstreamRoutes(app, pages);
  addAccountRoutes(app, pages);
  addInteractionRoutes(app, pages);
  app.get('*', (c) => answerNotFound(pages, c));
  app.onError((error, c) => answerError(pages, c, error));
  return app;
}
