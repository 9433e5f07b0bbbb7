import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { profileFile, readProfile } from '../cli/target.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Before OAuth was served, development's issuer was the address of gRPC. */
const formerIssuer = 'http://127.0.0.1:7401';
const defaultAddress = '127.0.0.1:7480';

/**
 * Where development serves OAuth and pages, and the issuer that says so. What a data folder was
 * founded under stays: tokens and keys are of their issuer. With gRPC on any port, so is HTTP.
 */
export function devHttp(dataDir: string, env: Env): Readonly<Record<string, string>> {
  const anyPort = env['LEDGATE_IDENTITY_ADDR']?.endsWith(':0') === true;
  const address = env['LEDGATE_HTTP_ADDR'] ?? (anyPort ? '127.0.0.1:0' : defaultAddress);
  return { LEDGATE_HTTP_ADDR: address, LEDGATE_ISSUER: env['LEDGATE_ISSUER'] ?? issuerOf() };

  function issuerOf(): string {
    const known = readProfile(dataDir).issuer;
    if (known !== undefined) return known;
    if (existsSync(join(dataDir, profileFile))) return formerIssuer;
    const scheme = env['LEDGATE_TLS_CERT'] === undefined ? 'http' : 'https';
    const served = address.endsWith(':0') ? defaultAddress : address;
    // Browsers bind passkeys to a name, and take no IP address for one.
    return `${scheme}://${served.replace('127.0.0.1', 'localhost')}`;
  }
}
