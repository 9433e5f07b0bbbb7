import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventLog } from '#libs/ledger/event-log.js';
import { systemRandom } from '#libs/runtime/ids.js';
import { generateApiKey } from '#libs/tokens/api-key.js';
import { AuthorizerServiceService as methods } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { startAuthorizer } from '#services/authorizer/main.js';
import { LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import { clientOf, temporaryLog, testConfig } from '../../support/authorizer/running-authorizer.js';
import {
  apiKeyCreated,
  apiKeyRevoked,
  registered,
  tenantWithCaller,
} from '../../support/authorizer/seed-events.js';

let folder: string;
let log: EventLog;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ledgate-snapshot-start-'));
  log = temporaryLog();
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

const files = (): string => join(folder, log.name, 'authorizer');

/** Starts an authorizer, asks it, closes it; `from`: where it began to read. */
async function visit<T>(
  everyRecords: number,
  work: (client: ReturnType<typeof clientOf>) => Promise<T>,
): Promise<{ from: number; result: T }> {
  const reads: number[] = [];
  const counting = Object.assign(Object.create(log) as EventLog, {
    tail: (from: number, signal: AbortSignal) => {
      reads.push(from);
      return log.tail(from, signal);
    },
  });
  const snapshots = { folder, everyRecords, everyMs: 1e9 };
  const authorizer = await startAuthorizer(testConfig({ dataDir: folder, snapshots }), {
    log: counting,
  });
  const client = clientOf(authorizer.address);
  try {
    return { from: reads[0] ?? -1, result: await work(client) };
  } finally {
    client.close();
    await authorizer.close();
  }
}

describe('an authorizer with snapshots', () => {
  it('reads what came since, and answers like one that read everything', async () => {
    const operator = tenantWithCaller('system', 'operator');
    const key = generateApiKey(systemRandom);
    const seed = await LedgerSeed.begin(log);
    seed.put(operator.events, { tenant: 'system' });
    for (let i = 0; i < 40; i++) seed.put([registered(`user-${i}`)], { tenant: 'system' });
    seed.put([registered('bob'), apiKeyCreated('bob', key)], { tenant: 'system' });
    await seed.flush();
    const status = (client: ReturnType<typeof clientOf>) =>
      client.call(methods.getStatus, { stateHash: true }, operator.apiKey);
    const first = await visit(16, status);
    expect(first.from).toBe(0);

    await seed.append([apiKeyRevoked('bob')], { tenant: 'system' });
    const second = await visit(16, async (client) => ({
      status: await status(client),
      bob: await client.call(
        methods.authenticate,
        {
          credential: { credential: { $case: 'apiKey', value: key.text } },
          consistency: undefined,
        },
        operator.apiKey,
      ),
    }));
    expect(second.from).toBe(seed.position);
    expect(second.result.bob).toMatchObject({ authenticated: false, reason: 'CREDENTIAL_REVOKED' });

    const without = await visit(0, status);
    expect(without.from).toBe(0);
    const { stateHash, chain, acceptedRecords, voidRecords } = without.result;
    expect(second.result.status).toMatchObject({ stateHash, chain, acceptedRecords, voidRecords });
    expect(stateHash).not.toBe(first.result.stateHash);
  });

  it('starts without them when none of them can be used', async () => {
    const operator = tenantWithCaller('system', 'operator');
    const seed = await LedgerSeed.begin(log);
    await seed.append(operator.events, { tenant: 'system' });
    await visit(1, async () => {});
    expect(readdirSync(files())).not.toEqual([]);
    for (const file of readdirSync(files())) writeFileSync(join(files(), file), 'forged');
    const { from, result } = await visit(1, (client) =>
      client.call(methods.getStatus, { stateHash: true }, operator.apiKey),
    );
    expect(from).toBe(0);
    expect(result.stateHash).toMatch(/^[0-9a-f]{64}$/);
  });
});
