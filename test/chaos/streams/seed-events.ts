import type { LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import { granted, revoked } from '../../support/authorizer/seed-events.js';

export const seededTenant = '01936f5e-bbbb-7000-8000-000000000002';

/** Grants and revocations, one or two a record; resolves with the ids of their public events. */
export async function seedEvents(seed: LedgerSeed, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; ids.length < count; n += 1) {
    const events = [granted(`p${n}`, 'clerk')];
    if (n % 3 === 0) events.push(revoked(`p${n}`, 'clerk'));
    seed.put(events, { tenant: seededTenant });
    ids.push(...events.map((_, index) => `${seed.log.name}:${seed.position}:${index}`));
    if (seed.pendingBytes > 4 << 20) await seed.flush();
  }
  await seed.flush();
  return ids;
}
