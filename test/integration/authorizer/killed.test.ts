import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { systemRandom } from '#libs/runtime/ids.js';
import { generateApiKey } from '#libs/tokens/api-key.js';
import { AuthorizerServiceService as methods } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import { clientOf, type AuthorizerClient } from '../../support/authorizer/running-authorizer.js';
import {
  apiKeyCreated,
  apiKeyRevoked,
  granted,
  permissionDefined,
  registered,
  roleCreated,
  tenantWithCaller,
} from '../../support/authorizer/seed-events.js';

// Keycloak CVE-2026-9802: a restart forgets revocations.

const program = 'test/support/authorizer/serve-authorizer.ts';
const children: ChildProcess[] = [];
let folder: string;
let log: EventLog;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgate-killed-'));
  log = openEmbeddedLog({ path: join(folder, 'ledger'), name: 'auth.ledger.v1' });
});
afterEach(async () => {
  for (const child of children.splice(0)) await kill(child);
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function serve(): Promise<{ client: AuthorizerClient; child: ChildProcess }> {
  const node = ['--conditions=source', '--import', 'tsx', program, folder];
  const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { client: clientOf(line.toString().trim()), child };
}

describe('an authorizer that is killed', () => {
  it('replays to the same state: what was revoked stays revoked', async () => {
    const { events, apiKey } = tenantWithCaller('acme');
    const operator = tenantWithCaller('system', 'operator');
    const key = generateApiKey(systemRandom);
    const seed = await LedgerSeed.begin(log);
    await seed.append(operator.events, { tenant: 'system' });
    await seed.append(events, { tenant: 'acme' });
    await seed.append(
      [
        permissionDefined('orders:read'),
        roleCreated('clerk', ['orders:read']),
        registered('bob'),
        granted('bob', 'clerk'),
        apiKeyCreated('bob', key),
      ],
      { tenant: 'acme' },
    );
    const credential = { credential: { $case: 'apiKey' as const, value: key.text } };
    const ask = (client: AuthorizerClient) => {
      const fresh = { $case: 'atLeastAsFresh' as const, value: seed.token() };
      const who = { $case: 'credential' as const, value: credential };
      const consistency = { requirement: fresh };
      const question = { who, action: 'orders:read', resource: 'a', consistency };
      return client.call(methods.authorize, question, apiKey);
    };

    const first = await serve();
    expect((await ask(first.client)).reason).toBe('ALLOWED');
    await seed.append([apiKeyRevoked('bob')], { tenant: 'acme' });
    expect((await ask(first.client)).reason).toBe('CREDENTIAL_REVOKED');
    const before = await first.client.call(methods.getStatus, { stateHash: true }, operator.apiKey);
    await kill(first.child);
    first.client.close();

    const second = await serve();
    expect((await ask(second.client)).reason).toBe('CREDENTIAL_REVOKED');
    const after = await second.client.call(methods.getStatus, { stateHash: true }, operator.apiKey);
    const { stateHash, chain, acceptedRecords } = before;
    expect(after).toMatchObject({ stateHash, chain, acceptedRecords });
    second.client.close();
  });
});
