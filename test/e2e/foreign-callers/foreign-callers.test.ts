import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDev, type RunningDev } from '#services/ledgate/operate/dev.js';
import type { Demo } from '#services/ledgate/operate/demo.js';
import { findPython } from './find-python.js';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const buf = join(root, 'node_modules/.bin/buf');
const found = findPython();
const resource = 'projects/acme/orders/17';

/** The services run in this process, so the callers must not block it: no spawnSync here. */
describe('callers without our code', () => {
  let folder: string;
  let dev: RunningDev;
  let demo: Demo;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ledgate-foreign-'));
    const anyPort = '127.0.0.1:0';
    dev = await startDev({
      dataDir: join(folder, 'data'),
      demo: true,
      env: { LEDGATE_IDENTITY_ADDR: anyPort, LEDGATE_AUTHORIZER_ADDR: anyPort },
    });
    if (dev.demo === undefined) throw new Error('a fresh data folder gets a demo tenant');
    demo = dev.demo;
  });
  afterAll(async () => {
    await dev.close();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('buf curl, by reflection', () => {
    async function call(method: string, request: object, caller?: string): Promise<unknown> {
      const header = caller === undefined ? [] : ['-H', `authorization: Bearer ${caller}`];
      const url = `http://${dev.authorizer}/ledgate.authorizer.v1.AuthorizerService/${method}`;
      const data = JSON.stringify(request);
      const args = ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...header];
      const { stdout } = await run(buf, [...args, '-d', data, url], { cwd: folder });
      return JSON.parse(stdout) as unknown;
    }
    const alice = (): object => ({ credential: { apiKey: demo.aliceKey } });

    it('authenticates', async () => {
      const answer = await call('Authenticate', alice(), demo.backendKey);
      expect(answer).toMatchObject({
        authenticated: true,
        identity: { principalKind: 'USER', credentialKind: 'API_KEY' },
      });
    });

    it('authorizes', async () => {
      const ask = (action: string): Promise<unknown> =>
        call('Authorize', { ...alice(), action, resource }, demo.backendKey);
      expect(await ask('orders:read')).toMatchObject({ decision: 'DECISION_ALLOW' });
      expect(await ask('orders:refund')).toMatchObject({ decision: 'DECISION_DENY' });
    });

    it('is refused without a credential of its own', async () => {
      await expect(call('Authenticate', alice())).rejects.toThrow(/"code": ?"unauthenticated"/);
    });
  });

  const title = 'why' in found ? `Python (skipped: ${found.why})` : 'Python, by grpcio-tools';
  describe.skipIf('why' in found)(title, () => {
    const python = 'python' in found ? found.python : '';

    beforeAll(async () => {
      const includes = ['-I', join(root, 'proto'), '-I', join(root, 'proto/third_party')];
      const outputs = [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
      const proto = join(root, 'proto/ledgate/authorizer/v1/authorizer.proto');
      await run(python, ['-m', 'grpc_tools.protoc', ...includes, ...outputs, proto]);
    });

    async function ask(action: string): Promise<unknown> {
      const script = fileURLToPath(new URL('ask.py', import.meta.url));
      const keys = [demo.backendKey, demo.aliceKey];
      const args = [script, folder, dev.authorizer, ...keys, action, resource];
      const { stdout } = await run(python, args);
      return JSON.parse(stdout) as unknown;
    }

    it('authenticates and authorizes', async () => {
      expect(await ask('orders:read')).toMatchObject({
        authenticated: true,
        decision: 'DECISION_ALLOW',
        withoutCredential: 'UNAUTHENTICATED',
      });
      expect(await ask('orders:refund')).toMatchObject({
        authenticated: true,
        decision: 'DECISION_DENY',
      });
    });
  });
});
