import { Secret } from '#libs/runtime/secret.js';
import { createLogger } from '#libs/runtime/log.js';
import { Shutdown } from '#libs/runtime/shutdown.js';
import { systemClock, type Clock } from '#libs/runtime/clock.js';
import { assembleParts, type SharedParts } from '#services/identity/adapters/assemble-parts.js';
import { followLedgers } from '#services/identity/adapters/follow-ledgers.js';
import { processKeys } from '#services/identity/adapters/process-keys.js';
import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import {
  startSession,
  type SessionStart,
  type StartedSession,
} from '#services/identity/app/sessions.js';
import { verifyPassword } from '#services/identity/app/verify-password.js';
import type { IdentityConfig } from '#services/identity/config.js';
import { adminPassword } from './tenant-setup.js';

/** Keys that several instances of one cell share. */
export const cellKeys = {
  masterKey: new Secret('5e1f'.repeat(15) + 'a0b1'),
  ledgerKey: new Secret('7c3d'.repeat(15) + 'c2d3'),
};

/** An instance of identity without its listeners: the use cases, on ledgers of its own or shared ones. */
export interface SessionInstance {
  readonly parts: IdentityParts;
  close(): Promise<void>;
}

export async function openInstance(
  config: IdentityConfig,
  { clock = systemClock, ...shared }: SharedParts & { readonly clock?: Clock } = {},
): Promise<SessionInstance> {
  const logger = createLogger({ service: 'identity', level: 'silent' });
  const shutdown = new Shutdown({ clock, log: logger, deadlineMs: 10_000 });
  const { masterKeys, macKeys } = processKeys(config);
  const surroundings = { clock, logger, shutdown, onAlarm: new Set<() => void>() };
  const { parts } = assembleParts(config, shared, surroundings, masterKeys, macKeys);
  const following = await followLedgers(parts, config, { bootstrap: false }, masterKeys, macKeys);
  return {
    parts,
    close: async () => {
      following.stop();
      await shutdown.run('test is over');
    },
  };
}

/** Somebody who has just shown the right password. */
export async function verified(
  { parts }: SessionInstance,
  tenant: string,
  loginName = 'admin',
  password = adminPassword,
): Promise<SessionStart> {
  const claim = { tenant, account: { loginName }, password, source: '127.0.0.1' };
  const signal = AbortSignal.timeout(10_000);
  const found = await verifyPassword(parts, { ...claim, signal });
  if (found === undefined) throw new Error('the password was not taken');
  return {
    tenant: found.tenant,
    principal: found.principal,
    credential: found.credential,
    acr: 'urn:ledgate:acr:1',
    amr: ['pwd'],
    authTimeMs: Math.trunc(parts.clock.wallMs()),
    authPosition: found.position,
    label: 'Firefox on Linux',
  };
}

export async function begun(instance: SessionInstance, tenant: string): Promise<StartedSession> {
  return startSession(instance.parts, await verified(instance, tenant));
}
