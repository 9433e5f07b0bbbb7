import { execFile } from 'node:child_process';
import { copyFileSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client, credentials, Metadata, status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { ordersDefinition } from '../../examples/orders/orders-definition.js';
import { type Order } from '../../examples/orders/orders.js';
import {
  codeBlocks,
  installClientPackage,
  repository,
} from '../support/client/install-client-package.js';
import { startLedgate, type RunningLedgate } from '../support/client/running-ledgate.js';
import { startOrders, type RunningService } from '../support/client/running-service.js';

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const fromSource = ['services/ledgate/launch/run.mjs', '--source', 'examples/orders/main.ts'];

async function started(args = fromSource, cwd = repository) {
  const ledgate = await startLedgate();
  let stopped: Promise<void> | undefined;
  const stopLedgate = () => (stopped ??= ledgate.stop());
  cleanUps.push(stopLedgate);
  const service = await startOrders(args, cwd, {
    LEDGATE_AUTHORIZER: ledgate.authorizer,
    LEDGATE_API_KEY: ledgate.demo.backendKey,
  });
  cleanUps.push(service.stop);
  return { ledgate, service, stopLedgate };
}

/** Status and body of a request with a key, or without one. */
async function get({ http }: RunningService, path: string, key?: string) {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const response = await fetch(`${http}${path}`, { headers });
  return { status: response.status, text: await response.text() };
}

async function getOrder(
  { grpc }: RunningService,
  request: { project: string; id: string },
  key?: string,
): Promise<Order | status> {
  const { GetOrder: method } = ordersDefinition();
  if (!method) throw new Error('the example has no GetOrder');
  const client = new Client(grpc, credentials.createInsecure());
  const metadata = new Metadata();
  if (key !== undefined) metadata.set('authorization', `Bearer ${key}`);
  try {
    return await new Promise<Order | status>((resolve) => {
      client.makeUnaryRequest<object, Order>(
        method.path,
        method.requestSerialize,
        method.responseDeserialize as (bytes: Buffer) => Order,
        request,
        metadata,
        (error, order) => resolve(error ? error.code : (order as Order)),
      );
    });
  } finally {
    client.close();
  }
}

describe('the orders example', () => {
  it('serves over HTTP whom Ledgate allows, until the grant is revoked', async () => {
    const { ledgate, service } = await started();
    const { aliceKey } = ledgate.demo;
    expect(await get(service, '/healthz')).toEqual({ status: 200, text: 'ok' });
    const one = await get(service, '/projects/acme/orders/1', aliceKey);
    expect(one.status).toBe(200);
    expect(JSON.parse(one.text)).toMatchObject({ id: '1', project: 'acme', status: 'PLACED' });
    const all = await get(service, '/projects/acme/orders', aliceKey);
    expect(JSON.parse(all.text)).toMatchObject([
      { id: '1', mayRefund: false },
      { id: '2', mayRefund: false },
    ]);
    expect((await get(service, '/projects/globex/orders/3', aliceKey)).status).toBe(403);
    expect((await get(service, '/projects/acme/orders/1')).status).toBe(401);
    expect((await get(service, '/projects/acme/orders/1', `${aliceKey}x`)).status).toBe(401);
    expect((await get(service, '/projects/acme%2f..%2fglobex/orders/3', aliceKey)).status).toBe(
      400,
    );

    const grants = await ledgate.grantsOf('alice');
    expect(grants.length).toBe(1);
    for (const grant of grants) await ledgate.revokeGrant(grant);
    const read = async () => (await get(service, '/projects/acme/orders/1', aliceKey)).status;
    await expect.poll(read, { timeout: 2000 }).toBe(403);
  });

  it('serves over gRPC whom Ledgate allows', async () => {
    const { ledgate, service } = await started();
    const { aliceKey } = ledgate.demo;
    const mine = { project: 'acme', id: '1' };
    expect(await getOrder(service, mine, aliceKey)).toMatchObject({ id: '1', project: 'acme' });
    const others = { project: 'globex', id: '3' };
    expect(await getOrder(service, others, aliceKey)).toBe(status.PERMISSION_DENIED);
    expect(await getOrder(service, mine)).toBe(status.UNAUTHENTICATED);
    const tricky = { project: 'acme/../globex', id: '3' };
    expect(await getOrder(service, tricky, aliceKey)).toBe(status.INVALID_ARGUMENT);
  });
});

/** Runs the lines of the README one after the other, as somebody who follows it would. */
class Walk {
  readonly #ledgate: RunningLedgate;
  readonly #service: RunningService;
  readonly #env: Record<string, string> = { PATH: process.env['PATH'] ?? '' };
  #last = '';

  constructor(ledgate: RunningLedgate, service: RunningService) {
    this.#ledgate = ledgate;
    this.#service = service;
  }

  async follow(block: string): Promise<void> {
    for (const line of block.trim().split('\n')) await this.#line(line);
  }

  async #line(line: string): Promise<void> {
    const [, name, value] = /^export (\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) {
      this.#env[name] = this.#secret(value);
      return;
    }
    const [command = '', expected] = line.split(/ +# /);
    const grant = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(this.#last)?.[0] ?? '';
    const cli = `'${process.execPath}' --conditions=source --import tsx services/ledgate/main.ts`;
    const real = command
      .replace('http://127.0.0.1:8080', this.#service.http)
      .replace('npx ledgate', `${cli} --data '${this.#ledgate.dataDir}'`)
      .replace('<grantId>', grant);
    const { code, text } = await this.#run(real);
    this.#last = text;
    if (expected !== undefined) {
      expect([line, text.split('\r\n')[0]]).toEqual([
        line,
        expect.stringContaining(` ${expected}`),
      ]);
    } else {
      // `ledgate explain` of a denial exits with 1: the answer is no.
      expect([line, text, code]).toEqual([line, text, command.includes(' explain ') ? 1 : 0]);
    }
  }

  #secret(placeholder: string): string {
    const { aliceKey } = this.#ledgate.demo;
    expect(placeholder).toBe("<alice's API key>");
    return aliceKey;
  }

  async #run(command: string): Promise<{ code: number; text: string }> {
    const options = { cwd: repository, env: this.#env };
    try {
      const { stdout } = await promisify(execFile)('sh', ['-c', command], options);
      return { code: 0, text: stdout };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, text: `${stdout}${stderr}` };
    }
  }
}

describe('the README of the example', () => {
  it('can be followed line by line', async (context) => {
    const curl = await promisify(execFile)('curl', ['--version']).catch(() => undefined);
    if (!curl) return context.skip('there is no curl');
    const readme = readFileSync(join(repository, 'examples/orders/README.md'), 'utf8');
    const [start, service = '', ask = '', place = '', revoke = '', outage = ''] = codeBlocks(
      readme,
      'sh',
    );
    expect(start).toBe('npm start\n');
    expect(service).toContain('npm run example');
    const running = await started();
    const walk = new Walk(running.ledgate, running.service);
    for (const block of [ask, place, revoke]) await walk.follow(block);
    await running.stopLedgate();
    await walk.follow(outage);
  });
});

describe('the example as a project of its own', () => {
  it('installs with the packed client and runs', async (context) => {
    const folder = join(repository, 'examples/orders');
    const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const others = Object.entries(dependencies)
      .filter(([name]) => name !== '@ledgate/client')
      .map(([name, range]) => `${name}@${range}`);
    const built = installClientPackage(others);
    if (!built.installed) {
      process.stdout.write(`skipped: the example as a project of its own, ${built.why}\n`);
      return context.skip(built.why);
    }
    cleanUps.push(() => rmSync(built.folder, { recursive: true, force: true }));
    for (const file of readdirSync(folder).filter((name) => /\.(ts|proto)$/.test(name))) {
      copyFileSync(join(folder, file), join(built.folder, file));
    }
    const args = ['node_modules/tsx/dist/cli.mjs', 'main.ts'];
    const { ledgate, service } = await started(args, built.folder);
    const path = '/projects/acme/orders/1';
    expect((await get(service, path, ledgate.demo.aliceKey)).status).toBe(200);
    expect((await get(service, path)).status).toBe(401);
  });
});
