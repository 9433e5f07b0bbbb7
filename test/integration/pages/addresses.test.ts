import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import {
  LoginNameKind,
  PrincipalServiceService as Principals,
} from '#proto/ledgate/identity/v1/principal.js';
import type { OutboxMessage } from '#services/identity/adapters/delivery/dev-outbox.js';
import type { Page } from '../../support/oauth/browser.js';
import { startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';

const messages: OutboxMessage[] = [];
let cell: OauthCell;
beforeAll(async () => {
  const onOutbox = (message: OutboxMessage): void => void messages.push(message);
  cell = await startOauthCell('acme', { delivery: { outbox: true } }, { onOutbox });
});
afterAll(() => cell.stop());

it('an address that an administrator has typed is verified in the account page', async () => {
  const address = 'alice@example.org';
  const { alice: principalId } = cell.users;
  const name = { principalId, kind: LoginNameKind.LOGIN_NAME_KIND_EMAIL, value: address };
  await cell.world.call(Principals.addLoginName, name, cell.tenant.admin);
  const browser = await cell.browserOf('alice');
  const account = (await browser.open('/t/acme/account')) as Page;
  expect(account.html).toContain('Not verified');
  const forged = new URLSearchParams({ address, csrf: 'x' });
  await browser.open('/t/acme/account/addresses/verify', forged);
  expect(messages).toEqual([]);
  const asked = (await browser.submit(account, { address })) as Page;
  expect(asked.html).toContain(`Verify ${address}`);
  const sent = await vi.waitFor(() => {
    const [message] = messages;
    if (message === undefined) throw new Error('no message has come');
    return message;
  });
  expect(sent.to).toBe(address);
  const code = /\b\d{3} ?\d{3}\b/u.exec(sent.text)?.[0] ?? '';
  const wrong = (await browser.submit(asked, {
    answer: code === '000000' ? '1' : '000000',
  })) as Page;
  expect(wrong.status).toBe(422);
  const done = (await browser.submit(wrong, { answer: code })) as Page;
  expect(done.html).toContain('The address is verified.');
  expect(done.html).not.toContain('Not verified');
});
