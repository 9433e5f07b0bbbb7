import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { authorizerConfigFromEnv } from '#services/authorizer/config.js';
import { identityConfigFromEnv } from '#services/identity/config.js';

/** No engine is needed: the file is read, and what it configures is put to our own code. */
interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly restart?: string;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
const text = readFileSync(join(root, 'docker-compose.yml'), 'utf8');
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
const lasting = services.filter(([, service]) => service.restart !== 'no');
const oneShots = services.filter(([, service]) => service.restart === 'no');

function environmentOf(name: string): Record<string, string> {
  const entries = Object.entries(compose.services[name]?.environment ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]));
}

const readFile = (path: string): string => `contents of ${path}`;

describe('docker-compose.yml', () => {
  it('has three brokers, identity, two authorizers, and what prepares them', () => {
    expect(lasting.map(([name]) => name)).toEqual([
      'kafka-1',
      'kafka-2',
      'kafka-3',
      'identity',
      'authorizer-1',
      'authorizer-2',
    ]);
    expect(oneShots.map(([name]) => name)).toEqual(['keys', 'certs', 'init']);
  });

  it.each(lasting)('%s has a health check', (_, { healthcheck }) => {
    expect(healthcheck?.disable).not.toBe(true);
    expect(healthcheck?.test?.length).toBeGreaterThan(1);
  });

  it('waits for what prepares, and for brokers that answer', () => {
    for (const [name, { depends_on: needs = {} }] of services) {
      for (const [needed, { condition }] of Object.entries(needs)) {
        const ends = oneShots.some(([one]) => one === needed);
        const expected = ends ? 'service_completed_successfully' : 'service_healthy';
        expect(`${name} → ${needed}: ${condition}`).toBe(`${name} → ${needed}: ${expected}`);
      }
    }
  });

  it('publishes on loopback only', () => {
    for (const [, { ports = [] }] of services) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
    }
  });

  it('declares every volume it mounts', () => {
    const mounted = services.flatMap(([, { volumes = [] }]) => volumes.map((v) => v.split(':')[0]));
    expect(new Set(mounted)).toEqual(new Set(Object.keys(compose.volumes)));
  });

  it('gives the master key to identity and init alone', () => {
    const holders = services.filter(([, { volumes = [] }]) =>
      volumes.some((volume) => volume.startsWith('master-key:')),
    );
    expect(holders.map(([name]) => name)).toEqual(['keys', 'init', 'identity']);
  });

  it('gives three nodes different ids and one cluster id', () => {
    const brokers = ['kafka-1', 'kafka-2', 'kafka-3'].map(environmentOf);
    expect(brokers.map((env) => env['KAFKA_NODE_ID'])).toEqual(['1', '2', '3']);
    expect(new Set(brokers.map((env) => env['CLUSTER_ID'])).size).toBe(1);
    expect(Buffer.from(brokers[0]?.['CLUSTER_ID'] ?? '', 'base64url')).toHaveLength(16);
  });

  it.each(['identity', 'init'])('%s: identity accepts the configuration', (name) => {
    const config = identityConfigFromEnv({ env: environmentOf(name), readFile });
    expect(config).toMatchObject({ log: 'kafka', allowPlaintext: false });
    expect(config.kafkaBrokers).toHaveLength(3);
    expect(config.tls?.certFile).toBe('/certs/server.pem');
    expect(config.masterKey?.reveal()).toBe('contents of /secrets/master/key');
    expect(config.ledgerKey?.reveal()).toBe('contents of /secrets/ledger/key');
  });

  it.each(['authorizer-1', 'authorizer-2'])('%s: the configuration is accepted', (name) => {
    const config = authorizerConfigFromEnv({ env: environmentOf(name), readFile });
    expect(config).toMatchObject({ log: 'kafka', allowPlaintext: false });
    expect(config.tls?.certFile).toBe('/certs/server.pem');
    expect(config.identity?.address).toBe(
      environmentOf('identity')['LEDGATE_IDENTITY_ADDR']?.replace('0.0.0.0', 'identity'),
    );
    expect(environmentOf(name)).not.toHaveProperty('LEDGATE_MASTER_KEY_FILE');
  });

  it('is refused when a name is misspelt', () => {
    const env = { ...environmentOf('identity'), LEDGATE_KAFKA_BROKER: 'x:1' };
    expect(() => identityConfigFromEnv({ env, readFile })).toThrow(/LEDGATE_KAFKA_BROKERS\?/);
  });

  it('asks the port for operators that it sets', () => {
    for (const name of ['identity', 'authorizer-1', 'authorizer-2']) {
      const port = environmentOf(name)['LEDGATE_METRICS_ADDR']?.split(':')[1];
      const check = compose.services[name]?.healthcheck?.test?.join(' ');
      expect(check).toContain(`http://127.0.0.1:${port}/readyz`);
    }
  });

  it('holds scripts that a shell can read', () => {
    for (const [name, { command = [] }] of oneShots) {
      const script = command.join('\n').replaceAll('$$', '$');
      const run = spawnSync('sh', ['-n', '-c', script], { encoding: 'utf8' });
      expect(`${name}: ${run.stderr}`).toBe(`${name}: `);
    }
  });

  it('makes keys that identity accepts as such: 32 random bytes in hex', () => {
    const [script = ''] = compose.services['keys']?.command ?? [];
    const line = script.split('\n').find((one) => one.includes('/dev/urandom')) ?? '';
    const make = line.replace(/.*\|\| /, '').replace(/ > .*/, '');
    const run = spawnSync('sh', ['-c', make], { encoding: 'utf8' });
    expect(run.stdout).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('Dockerfile', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const [, build = '', image = ''] = dockerfile.split(/^FROM .*$/m);

  it('builds in one stage and runs in another, on Node 24', () => {
    expect(dockerfile.match(/^FROM node:24-/gm)).toHaveLength(2);
    expect(image).not.toMatch(/npm (ci|install)/);
  });

  it('copies what exists and is not ignored', () => {
    const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
    const copied = [...build.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, list = '']) =>
      list.split(' '),
    );
    expect(copied.length).toBeGreaterThan(4);
    for (const path of copied) {
      expect(existsSync(join(root, path))).toBe(true);
      expect(ignored).toContain(`!${path}`);
    }
  });

  it('does not run as root', () => {
    const users = [...image.matchAll(/^USER (\S+)$/gm)].map(([, user]) => user);
    expect(users).toEqual(['node']);
  });

  it('has a health check and passes arguments on to the command line', () => {
    expect(image).toMatch(/^HEALTHCHECK /m);
    const [, entry = '[]'] = /^ENTRYPOINT (.*)$/m.exec(image) ?? [];
    const [shell = '', ...args] = JSON.parse(entry) as string[];
    const script = args.join('\n').replace('exec node', 'exec echo');
    const run = spawnSync(shell, ['-c', script.split('\n')[1] ?? '', 'ledgate', 'up', 'identity'], {
      encoding: 'utf8',
    });
    expect(run.stdout.trim()).toMatch(/dist\/services\/ledgate\/main\.js up identity$/);
  });
});
