import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import type { EventLog } from '#libs/ledger/event-log.js';
import { AuthorizerServiceService as methods } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { clientOf, type AuthorizerClient } from './running-authorizer.js';
import { tenRevocations, type TenRevocations } from './ten-revocations.js';

/** Two ledgers of a test's own, and what tells an authorizer of another process where they are. */
export interface KilledPlace {
  readonly log: EventLog;
  readonly sessionLog: EventLog;
  readonly args: readonly string[];
  close(): Promise<void>;
}

const program = 'test/support/authorizer/serve-authorizer.ts';

/** Keycloak CVE-2026-9802: a restart forgets revocations. */
export function killedSuite(where: string, open: () => Promise<KilledPlace>): void {
  const children: ChildProcess[] = [];
  let place: KilledPlace | undefined;
  afterEach(async () => {
    for (const child of children.splice(0)) await kill(child);
    await place?.close();
    place = undefined;
  });

  async function serve(
    args: readonly string[],
  ): Promise<{ client: AuthorizerClient; child: ChildProcess }> {
    const node = ['--conditions=source', '--import', 'tsx', program, ...args];
    const child = spawn(process.execPath, node, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    return { client: clientOf(line.toString().trim()), child };
  }

  it(`all ten revocations are still denied after kill −9 and a full replay (${where})`, async () => {
    place = await open();
    const ten = await tenRevocations(place.log, place.sessionLog);
    const allowed = Object.fromEntries(Object.keys(ten.reasons).map((name) => [name, 'ALLOWED']));
    const first = await serve(place.args);
    expect(await reasonsOf(first.client, ten)).toEqual(allowed);
    await ten.revokeAll();
    await expect.poll(() => reasonsOf(first.client, ten), { timeout: 10_000 }).toEqual(ten.reasons);
    await kill(first.child);
    first.client.close();
    const second = await serve(place.args);
    expect(await reasonsOf(second.client, ten)).toEqual(ten.reasons);
    second.client.close();
  });
}

async function reasonsOf(
  client: AuthorizerClient,
  { tokens, caller }: TenRevocations,
): Promise<Record<string, string>> {
  const reasons: Record<string, string> = {};
  for (const [name, value] of Object.entries(tokens)) {
    const credential = { credential: { $case: 'bearerToken' as const, value } };
    const who = { $case: 'credential' as const, value: credential };
    const question = { who, action: 'orders:read', resource: 'a', consistency: undefined };
    reasons[name] = (await client.call(methods.authorize, question, caller)).reason;
  }
  return reasons;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
