import { expect, it } from 'vitest';
import { handleCommand } from '#libs/decider/handle-command.js';
import { sessionLedgerRules, stateLedgerRules } from '#libs/decider/ledger-rules.js';
import { commandKey, hashOf } from '#libs/events/keys.js';
import { newestLevel } from '#libs/events/feature-levels.js';
import { ToyLedger } from './toy-domain.js';

const actor = { tenant: 't1', principal: 'p1' };
const command = { type: 'CreateGroup', group: 'g1', name: 'crew' } as const;
const envelope = {
  tenant: 't1',
  actor,
  commandId: 'c1',
  requestDigest: 'd',
  reason: '',
  traceparent: '',
};
const revoked = {
  type: 'TokenRevoked',
  jti: 'j1',
  principal: 'p1',
  expiresAtMs: 5_000,
  cause: 'ADMIN',
} as const;

function ledgerWith(rules: ToyLedger['rules'], level: number): ToyLedger {
  const ledger = new ToyLedger();
  ledger.rules = rules;
  ledger.level = level;
  ledger.evolve = () => {};
  return ledger;
}

it('an event of ledger S never leaves the process for ledger L', async () => {
  const ledger = ledgerWith(stateLedgerRules, newestLevel);
  ledger.decide = () => ({ events: [revoked] });
  await expect(handleCommand(ledger, command, envelope)).rejects.toMatchObject({
    reason: 'INTERNAL',
    message: expect.stringContaining('TokenRevoked') as string,
  });
  expect(ledger.drafts).toEqual([]);
});

it('an event of ledger L never leaves the process for ledger S', async () => {
  const ledger = ledgerWith(sessionLedgerRules, newestLevel);
  await expect(handleCommand(ledger, command, envelope)).rejects.toMatchObject({
    reason: 'INTERNAL',
    message: expect.stringContaining('GroupCreated') as string,
  });
  expect(ledger.drafts).toEqual([]);
});

it('ledger S reads no keys of L: neither tenant, nor rights, nor level', async () => {
  const ledger = ledgerWith(sessionLedgerRules, newestLevel);
  ledger.decide = () => ({ events: [revoked] });
  await handleCommand(ledger, command, envelope);
  expect(ledger.drafts.map(({ reads }) => reads)).toEqual([
    [hashOf(commandKey('t1', actor, 'c1'))],
  ]);
});

it('what is written to S needs the level that L says', async () => {
  const ledger = ledgerWith(sessionLedgerRules, newestLevel - 1);
  ledger.decide = () => ({ events: [revoked] });
  await expect(handleCommand(ledger, command, envelope)).rejects.toMatchObject({
    reason: 'WRONG_STATE',
  });
  expect(ledger.drafts).toEqual([]);
});
