import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { AuthorizerServiceService as authorizing } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import { freePorts } from '../support/net/free-ports.js';
import { standingOfIdentity } from './administration.js';
import { Endpoint } from './endpoint.js';
import { noBrakes, ServiceProcess } from './service-process.js';

/** GENESIS, the system tenant, its roles and keys, the authorizer's account, the demo tenant. */
const steps = [1, 2, 3, 4, 6, 8, 12, 16];

describe('ledgate dev, killed -9 in the middle of its very first start', () => {
  it.each(steps)(
    'after %i records: the next start finishes it, and nobody is locked out',
    async (count) => {
      const data = mkdtempSync(join(tmpdir(), 'ledgate-founding-'));
      const [a, b] = (await freePorts(2)).map((port) => `127.0.0.1:${port}`) as [string, string];
      const addresses = { LEDGATE_IDENTITY_ADDR: a, LEDGATE_AUTHORIZER_ADDR: b };
      const env = { ...addresses, LEDGATE_LOG_LEVEL: 'error', ...noBrakes };
      const service = new ServiceProcess({
        args: ['--data', data, 'dev'],
        env,
        serves: 'Ledgate serves',
      });
      const log = openEmbeddedLog({ path: join(data, 'ledger'), name: 'auth.ledger.v1' });
      const [identity, authorizer] = [new Endpoint(a), new Endpoint(b)];
      try {
        const starting = service.start().catch(() => undefined);
        while ((await log.end()) < count) await sleep(0);
        await service.kill();
        await starting;
        await service.start();

        const read = (file: string): string => readFileSync(join(data, file), 'utf8').trim();
        const root = read('bootstrap-api-key');
        expect((await standingOfIdentity(identity, root)).position).toBeGreaterThanOrEqual(count);
        const { credential } = JSON.parse(read('ledgate.json')) as { credential: string };
        const presented = { credential: { $case: 'apiKey' as const, value: credential } };
        const request = { credential: presented };
        const answer = await authorizer.insist(authorizing.authenticate, request, credential);
        expect(answer.authenticated).toBe(true);
      } finally {
        identity.close();
        authorizer.close();
        await service.remove();
        await log.close();
        rmSync(data, { recursive: true, force: true });
      }
    },
  );
});
