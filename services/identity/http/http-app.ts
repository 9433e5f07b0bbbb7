import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { getRequestListener, type HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { Failure } from '#libs/errors/failure.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { clientAddress, type TrustedProxies } from '#services/identity/grpc/client-address.js';
import { BrowserSession } from './browser-session.js';
import { Csrf } from './csrf.js';
import type { OidcServer } from './oidc/oidc-server.js';
import { pagesApp } from './pages/pages.js';
import { setPlainHeaders, setSecurityHeaders } from './security-headers.js';

export interface HttpAppOptions {
  readonly parts: IdentityParts;
  readonly oidc: OidcServer;
  readonly csrfKey: Uint8Array;
  readonly issuer: URL;
  readonly proxies: TrustedProxies;
  /** False: /healthz answers 503. */
  readonly serving: () => boolean;
}

/** Forms are small; the OAuth endpoints have a limit of their own (56 KiB). */
const maxFormBytes = 65_536;
/** Of the request line: a pushed authorization request needs most. */
const maxUrlLength = 16_384;

/** No person sees what these answer. */
const programs = /^\/oauth\/(?:token|introspect|revoke|par|device|jwks|userinfo)\b/u;

/** One listener for all of HTTP: the OAuth endpoints by their server, everything else as pages. */
export function httpApp(options: HttpAppOptions): RequestListener {
  const { oidc, issuer, proxies } = options;
  const https = issuer.protocol === 'https:';
  const pages = getRequestListener(pagesOf(options).fetch, { overrideGlobalObjects: false });
  return (request, response) => {
    if (programs.test(request.url ?? '')) setPlainHeaders(response, https);
    else setSecurityHeaders(response, https);
    if ((request.url ?? '').length > maxUrlLength) return refuse(response, 414);
    asTheIssuer(request, issuer);
    const [path = ''] = (request.url ?? '').split('?', 1);
    if (path.startsWith('/oauth/') || path.startsWith('/.well-known/')) {
      void oidc.answer(request, response, sourceOf(request, proxies));
      return;
    }
    void pages(request, response);
  };
}

function pagesOf(options: HttpAppOptions): Hono {
  const { parts, oidc, issuer, proxies, csrfKey, serving } = options;
  const app = new Hono();
  app.use(bodyLimit({ maxSize: maxFormBytes }));
  app.get('/healthz', (c) => {
    const ok = serving();
    c.header('cache-control', 'no-store');
    return c.text(ok ? 'ok\n' : 'not serving\n', ok ? 200 : 503);
  });
  const context = {
    parts,
    interactions: oidc.interactions,
    browserSession: new BrowserSession(issuer.protocol === 'https:'),
    csrf: new Csrf(csrfKey, parts.random, issuer),
    issuer,
    sourceOf: (c: Context) => sourceOf((c.env as HttpBindings).incoming, proxies),
  };
  app.route('/', pagesApp(context));
  app.onError((error, c) => {
    c.header('cache-control', 'no-store');
    if (error instanceof Failure) return c.text(`${error.message}\n`, 400);
    parts.log.error({ err: error }, 'a page failed');
    return c.text('Something went wrong here. Try again.\n', 500);
  });
  return app;
}

/**
 * Addresses in answers are those of the issuer, whatever a caller or a proxy writes into its
 * headers (CWE-644): it is the one name under which this server is known.
 */
function asTheIssuer(request: IncomingMessage, issuer: URL): void {
  request.headers.host = issuer.host;
  request.headers['x-forwarded-host'] = issuer.host;
  request.headers['x-forwarded-proto'] = issuer.protocol.slice(0, -1);
}

function sourceOf(request: IncomingMessage, proxies: TrustedProxies): string {
  const forwarded = request.headers['x-forwarded-for'];
  const text = Array.isArray(forwarded) ? forwarded.join() : forwarded;
  return clientAddress(request.socket.remoteAddress ?? '', text, proxies);
}

function refuse(response: ServerResponse, status: number): void {
  response.statusCode = status;
  response.setHeader('connection', 'close');
  response.end();
}
