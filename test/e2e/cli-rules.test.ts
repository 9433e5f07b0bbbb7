import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repository } from '../support/ledgate/built-cli.js';
import { CliGroups } from '../support/ledgate/cli-groups.js';

const folder = mkdtempSync(join(tmpdir(), 'ledgate-rules-'));
const example = join(repository, 'examples/endpoint-rules');
const openApi = join(example, 'openapi.yaml');
const descriptors = join(folder, 'shop.binpb');
let cli: CliGroups;

beforeAll(async () => {
  const buf = join(repository, 'node_modules/.bin/buf');
  const { status, stderr } = spawnSync(buf, ['build', join(example, 'proto'), '-o', descriptors]);
  if (status !== 0) throw new Error(`buf build failed: ${String(stderr)}`);
  cli = await CliGroups.start('scope', 'rules');
});
afterAll(async () => {
  await cli.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Diff {
  readonly added: readonly { readonly endpoint: string; readonly asks: string }[];
  readonly removed: readonly { readonly endpoint: string }[];
  readonly changed: readonly { readonly endpoint: string; readonly fields: object }[];
  readonly same: number;
  readonly denied: readonly string[];
  readonly pushed: boolean;
}

/** A document of one operation, in the folder of the test. */
function written(name: string, operation: object): string {
  const path = join(folder, name);
  const paths = { '/orders/{id}': { get: operation } };
  writeFileSync(path, JSON.stringify({ openapi: '3.0.3', paths }));
  return path;
}

describe('ledgate scope', () => {
  it('defines, changes, lists and retires', async () => {
    await cli.json('scope define orders.view --permissions orders:read --description Orders');
    await cli.json('scope change orders.view --permissions orders:read --consent');
    expect(await cli.json('scope list')).toEqual([
      { name: 'orders.view', permissions: ['orders:read'], consent: 'asked', description: '' },
    ]);
    await cli.json('scope define short');
    await cli.json('scope retire short');
    const wide = await cli.run('scope define orders:read --permissions orders:*');
    expect([wide.code, wide.stderr]).toEqual([2, expect.stringContaining('allows no more')]);
  });
});

describe('ledgate rules', () => {
  const alice = () => `--as ${cli.dev.aliceKey}`;
  const order = '/projects/acme/orders/17';

  it('push: shows the difference, and changes nothing unless it is told to', async () => {
    const dry = await cli.json<Diff>(`rules push ${openApi} ${descriptors} --dry-run`);
    expect(dry).toMatchObject({ pushed: false, removed: [], changed: [], same: 0 });
    expect(dry.added.map(({ endpoint }) => endpoint)).toEqual([
      'GET /projects/{project}/orders/{id}',
      'GET /projects/{project}/orders/export',
      'POST /projects/{project}/orders/{id}/refund',
      'GET /opening-hours',
      '/shop.v1.ShopService/GetOrder',
      '/shop.v1.ShopService/RefundOrder',
      '/shop.v1.ShopService/GetOpeningHours',
    ]);
    expect(dry.denied).toEqual(['GET /internal/metrics', '/shop.v1.ShopService/DropAllOrders']);
    expect(await cli.json('rules list')).toEqual([]);
    const unasked = await cli.run(`rules push ${openApi}`);
    expect([unasked.code, unasked.stderr]).toEqual([2, expect.stringContaining('--yes')]);

    const people = await cli.run(`rules push ${openApi} ${descriptors} --yes`);
    expect(people.stdout).toContain(
      '+ POST /projects/{project}/orders/{id}/refund   permission orders:refund',
    );
    expect(people.stdout).toContain('shop: 7 added, 0 removed, 0 changed, 0 as before');
    expect(people.stdout).toContain('denied, as nothing is said of it: GET /internal/metrics');
    expect(people.stdout).toContain('the rules of shop are replaced');
    expect(people.stdout).not.toContain('\u001b');
    expect(await cli.json('rules list')).toMatchObject([{ name: 'shop', rules: 7 }]);
    const again = await cli.json<Diff>(`rules push ${openApi} ${descriptors} --yes`);
    expect(again).toMatchObject({ pushed: false, same: 7 });
  });

  it('test: what the pushed rules say of a call', async () => {
    const test = `rules test GET ${order} --api shop --full`;
    expect(await cli.json(`${test} ${alice()}`)).toMatchObject({
      decision: 'ALLOW',
      permission: 'orders:read',
      resource: 'projects/acme/orders/17',
      httpStatus: 200,
    });
    expect(await cli.json(`${test} --who alice`)).toMatchObject({ decision: 'ALLOW' });
    expect(await cli.json(`${test} --anonymous`, { code: 1 })).toMatchObject({
      reason: 'CREDENTIAL_MISSING',
      httpStatus: 401,
      wwwAuthenticate: 'Bearer realm="shop"',
    });
    const hours = 'rules test GET /opening-hours --api shop --anonymous';
    expect(await cli.json(hours)).toMatchObject({ decision: 'ALLOW' });
    const grpc = 'rules test /shop.v1.ShopService/GetOrder --api shop';
    const given = '--param project=acme order_id=17';
    expect(await cli.json(`${grpc} ${alice()} ${given}`)).toMatchObject({
      resource: 'projects/acme/orders/17',
    });
    expect(await cli.json(`${grpc} ${alice()}`, { code: 1 })).toMatchObject({
      reason: 'RESOURCE_INVALID',
    });
    const refund = `rules test POST ${order}/refund --api shop ${alice()}`;
    expect(await cli.json(refund, { code: 1 })).toMatchObject({
      reason: 'ENDPOINT_REFUSES_CREDENTIAL',
      httpStatus: 403,
    });
    const explained = await cli.run(`${test} ${alice()} --explain`);
    expect(explained.stdout).toContain('Allowed: orders:read on projects/acme/orders/17');
    expect(explained.stdout).toContain('ledgate.endpoint.EndpointRulesReplaced.v1');
  });

  it('set, list and remove single rules; a push shows what it would take away', async () => {
    const set = 'rules set GET /stock --api shop --permission orders:read --resource stock';
    await cli.json(`${set} --any-scopes orders.view --max-auth-age 1h --max-staleness 5s`);
    const all = await cli.json<{ endpoint: string; asks: string }[]>('rules list --api shop');
    expect(all.find(({ endpoint }) => endpoint === 'GET /stock')?.asks).toBe(
      'permission orders:read, resource stock, any scope of orders.view, max age 3600s, ' +
        'max staleness 5s',
    );
    await cli.json('rules set GET /opening-hours --api shop --min-acr urn:ledgate:acr:1');
    const diff = await cli.json<Diff>(`rules push ${openApi} ${descriptors} --dry-run`);
    expect(diff).toMatchObject({
      removed: [{ endpoint: 'GET /stock' }],
      changed: [
        {
          endpoint: 'GET /opening-hours',
          fields: { public: ['', 'yes'], acr: ['urn:ledgate:acr:1', ''] },
        },
      ],
      same: 6,
    });
    await cli.json('rules remove GET /stock --api shop');
    expect((await cli.run('rules remove GET /stock --api shop')).code).toBe(4);
  });

  it('push: refuses files that say something it does not understand', async () => {
    const misspelt = written('a.json', { 'x-ledgate-permision': 'orders:read' });
    const ran = await cli.run(`rules push ${misspelt} --api other --yes`);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('x-ledgate-permision')]);
    const unknown = written('h.json', { 'x-ledgate-permission': 'nothing:read' });
    const refused = await cli.run(`rules push ${unknown} --api other --yes`);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining('"nothing:read" is not a defined permission'),
    ]);
    const prefixed = await cli.json<Diff>(
      `rules push ${written('i.json', { 'x-ledgate-public': true })} --api v1 --prefix /v1 --yes`,
    );
    expect(prefixed.added).toEqual([{ endpoint: 'GET /v1/orders/{id}', asks: 'public' }]);
  });

  it('leaves no command of its groups out', () => {
    expect(cli.untried).toEqual([]);
  });
});

describe('the example', () => {
  it('carries the option of the client package as it is', () => {
    const read = (path: string) => readFileSync(join(repository, path), 'utf8');
    expect(read('examples/endpoint-rules/proto/ledgate/v1/authorize.proto')).toBe(
      read('proto/ledgate/v1/authorize.proto'),
    );
  });
});
