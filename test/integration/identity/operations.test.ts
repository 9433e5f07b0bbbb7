import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '#libs/runtime/log.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { HealthCheckResponse_ServingStatus, HealthService } from '#proto/grpc/health/v1/health.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { identityConfigFromEnv } from '#services/identity/config.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type World,
} from '../../support/identity/running-identity.js';
import { setUpApiKey, setUpTenant } from '../../support/identity/tenant-setup.js';

const folder = temporaryFolder();
const lines: string[] = [];
let world: World;

beforeAll(async () => {
  const destination = new Writable({
    write: (chunk: Buffer, _, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ service: 'identity', level: 'trace', destination });
  const config = testConfig(folder.path, { metricsAddress: '127.0.0.1:0' });
  world = await startWorld(config, { logger });
});
afterAll(async () => {
  await world.close();
  folder.remove();
});

const fetchText = async (path: string): Promise<{ status: number; text: string }> => {
  const answer = await fetch(`http://127.0.0.1:${world.identity.metricsPort}${path}`);
  return { status: answer.status, text: await answer.text() };
};

describe('operations', () => {
  it('are healthy and ready while the ledger is followed', async () => {
    const { status } = await world.call(HealthService.check, { service: '' });
    expect(status).toBe(HealthCheckResponse_ServingStatus.SERVING);
    expect(await fetchText('/healthz')).toEqual({ status: 200, text: 'ok\n' });
    expect(await fetchText('/readyz')).toEqual({ status: 200, text: 'ok\n' });
  });

  it('show position, freshness and calls', async () => {
    await world.call(Tokens.getJwks, {});
    const { text } = await fetchText('/metrics');
    for (const name of [
      'ledgate_identity_position',
      'ledgate_identity_staleness_seconds',
      'ledgate_identity_following',
      'ledgate_identity_hashes_waiting',
    ]) {
      expect(text).toMatch(
        new RegExp(`^${name}\\{(ledger="L",)?service="identity"\\} [0-9.e-]+$`, 'mu'),
      );
    }
    expect(text).toContain('method="/ledgate.identity.v1.TokenService/GetJwks",code="OK"');
  });

  it('leave no secret in logs, ledger, state, vault, metrics or refusals (ASVS 16.2.5)', async () => {
    const passwords = ['seven quiet lanterns', 'nine brass umbrellas', 'wandering teapots hum'];
    const mail = 'margarethe.hidden@example.org';
    const shop = await setUpTenant(world, 'shop');
    const request = { username: 'hidden-name', email: mail, password: passwords[0] ?? '' };
    const profile = { displayName: 'Margarethe Hidden', locale: '' };
    const { principalId } = await world.call(
      Principals.createUser,
      { ...request, profile, options: { commandId: 'c-1', reason: 'hired' } },
      shop.admin,
    );
    const { apiKey } = await setUpApiKey(world, shop.admin, principalId);
    const change = { tenantId: 'shop', loginName: mail, currentPassword: passwords[0] ?? '' };
    await world.call(Credentials.changePassword, { ...change, newPassword: passwords[1] ?? '' });
    const login = { tenant: 'shop', loginName: mail, password: passwords[1] ?? '' };
    const { accessToken } = await world.call(Tokens.login, login);
    const refusals = [
      await refusal(world.call(Tokens.login, { ...login, password: passwords[2] ?? '' })),
      await refusal(world.call(Principals.createUser, request, apiKey)),
      await refusal(world.call(Principals.listPrincipals, {}, accessToken)),
      await refusal(world.call(Principals.createUser, { ...request, email: mail }, shop.admin)),
    ];
    const { text: metrics } = await fetchText('/metrics');
    const files = filesBelow(folder.path)
      .filter((path) => !path.includes('/keys/') && !path.endsWith('bootstrap-api-key'))
      .map((path) => readFileSync(path, 'latin1'));
    expect(files.length).toBeGreaterThan(2);
    expect(lines.length).toBeGreaterThan(0);
    const haystack = [...lines, metrics, JSON.stringify(refusals), ...files].join('\n');
    const secrets = [...passwords, apiKey, accessToken, world.root, '$argon2id$', 'PRIVATE KEY'];
    const personal = [mail, 'Margarethe Hidden', 'hidden-name'];
    const keys = ['master', 'ledger'].map((name) =>
      readFileSync(join(folder.path, 'keys', `${name}.key`), 'utf8').trim(),
    );
    for (const needle of [...secrets, ...personal, ...keys]) {
      expect([needle, haystack.includes(needle)]).toEqual([needle, false]);
    }
    // The search itself finds what is there.
    expect(haystack).toContain('hired');
  });
});

function filesBelow(path: string): string[] {
  return readdirSync(path).flatMap((name) => {
    const inner = join(path, name);
    return statSync(inner).isDirectory() ? filesBelow(inner) : [inner];
  });
}

describe('the environment', () => {
  const good = {
    LEDGATE_ISSUER: 'https://auth.example.org',
    LEDGATE_AUDIENCE: 'https://api.example.org',
  };

  it('must name issuer and audience (RFC 8725, 3.8 and 3.9)', () => {
    expect(() => identityConfigFromEnv({ env: {} })).toThrow(
      /LEDGATE_ISSUER[\s\S]*LEDGATE_AUDIENCE/u,
    );
    expect(identityConfigFromEnv({ env: good })).toMatchObject({
      issuer: 'https://auth.example.org',
      audiences: ['https://api.example.org'],
      log: 'embedded',
      reflection: false,
      allowPlaintext: false,
    });
  });

  it.each([
    ['LEDGATE_ARGON2_MEMORY_KIB', '1024'],
    ['LEDGATE_ARGON2_PASSES', '1'],
    ['LEDGATE_LOG', 'files'],
    ['LEDGATE_ISSUER', 'not a url'],
    ['LEDGATE_LOGIN_ACOUNT_BURST', '5'],
  ])('is refused with %s=%s', (name, value) => {
    expect(() => identityConfigFromEnv({ env: { ...good, [name]: value } })).toThrow(name);
  });
});
