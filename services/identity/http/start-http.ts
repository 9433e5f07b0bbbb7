import { Failure } from '#libs/errors/failure.js';
import { serverTlsFiles } from '#libs/grpc/tls.js';
import type { MasterKeys } from '#libs/runtime/master-keys.js';
import type { Shutdown } from '#libs/runtime/shutdown.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import type { IdentityConfig } from '#services/identity/config.js';
import { trustedProxies } from '#services/identity/grpc/client-address.js';
import { startHttpServer } from './http-server.js';

const graceMs = 5_000;

/**
 * Serves OAuth, OpenID Connect and the pages where an address for them is set; drained at shutdown.
 * Answers the `host:port`.
 *
 * @throws Failure MISCONFIGURED
 */
export async function startHttp(
  config: IdentityConfig,
  parts: IdentityParts,
  masterKeys: MasterKeys,
  shutdown: Shutdown,
  serving: { readonly now: boolean },
): Promise<string | undefined> {
  const { httpAddress: address, allowPlaintext } = config;
  if (address === undefined) return undefined;
  const issuer = issuerUrl(config.issuer);
  // Much code, which a service without HTTP does not need.
  const [{ startOidc }, { httpApp }] = await Promise.all([
    import('./oidc/start-oidc.js'),
    import('./http-app.js'),
  ]);
  const oidc = await startOidc({ parts, masterKeys, issuer });
  const answer = httpApp({
    parts,
    oidc,
    csrfKey: masterKeys.derive('csrf'),
    issuer,
    proxies: trustedProxies(config.trustedProxies),
    serving: () => serving.now,
  });
  const { clock, log } = parts;
  const tls = config.tls && serverTlsFiles(config.tls);
  const server = await startHttpServer({ address, tls, allowPlaintext, clock, log, answer });
  shutdown.add('http', async () => {
    oidc.close();
    await server.close(graceMs);
  });
  return `${address.slice(0, address.lastIndexOf(':'))}:${server.port}`;
}

/** RFC 8414 section 2: no query, no fragment; here also no path, as there is one issuer a host. */
function issuerUrl(text: string): URL {
  const issuer = new URL(text);
  const plain = issuer.origin === text.replace(/\/$/u, '') && /^https?:$/u.test(issuer.protocol);
  if (plain && !text.endsWith('/')) return issuer;
  const why = 'HTTP is served under the issuer: LEDGATE_ISSUER must be https://host or http://host';
  throw new Failure('MISCONFIGURED', why);
}
