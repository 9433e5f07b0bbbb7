import { afterEach, beforeEach, expect, it } from 'vitest';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { StoppableCell } from '../../support/authorizer/stoppable-cell.js';
import { adminPassword, setUpTenant } from '../../support/identity/tenant-setup.js';

let cell: StoppableCell;
beforeEach(async () => {
  cell = await StoppableCell.open();
  await expect.poll(() => cell.metric('ledgate_authorizer_revocation_feeds')).toBe(1);
});
afterEach(() => cell.close());

it('a revocation that the ledger does not take is answered and heeded, survives a restart, and follows', async () => {
  const { world } = cell;
  const tenant = await setUpTenant(world, 'acme');
  const login = { tenant: 'acme', loginName: 'admin', password: adminPassword };
  const { step } = await world.call(Logins.startLogin, login);
  const { sessionToken = '', sessionId = '', principalId = '' } = step?.done ?? {};
  const { accessToken } = await world.call(Tokens.issueToken, {}, sessionToken);
  const other = await world.call(Tokens.issueToken, {}, sessionToken);
  const caller = tenant.admin;
  await expect.poll(() => cell.isGood(accessToken, caller)).toBe(true);
  expect(await cell.isGood(sessionToken, caller)).toBe(true);

  cell.stop('S');
  await world.call(Tokens.revokeToken, { token: accessToken });
  await expect.poll(() => cell.isGood(accessToken, caller)).toBe(false);
  expect(await cell.isGood(other.accessToken, caller)).toBe(true);
  await world.call(Sessions.endSession, { principalId, sessionId }, caller);
  await expect.poll(() => cell.isGood(other.accessToken, caller)).toBe(false);
  expect(await cell.isGood(sessionToken, caller)).toBe(false);
  expect(await cell.metric('ledgate_authorizer_early_denies')).toBe(2);
  await expect(world.call(Tokens.issueToken, {}, sessionToken)).rejects.toThrow();

  // As after a kill: what was promised is in the journal only.
  const endBefore = await cell.store.log('auth.session.v1').end();
  expect(cell.journal.split('\n')).toHaveLength(2);
  cell.goOn();
  await expect.poll(() => cell.journal).toBe('');
  expect(await cell.store.log('auth.session.v1').end()).toBeGreaterThan(endBefore);
  expect(await cell.isGood(accessToken, caller)).toBe(false);
});
