import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientKind } from '#proto/ledgate/identity/v1/client.js';
import { everyGrant, startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';

let cell: OauthCell;
beforeAll(async () => {
  cell = await startOauthCell('devices', { trustedProxies: ['127.0.0.1'] });
});
afterAll(() => cell.stop());

async function publicClient(): Promise<string> {
  const settings = { authMethod: 'none', grantTypes: [everyGrant[3] ?? ''], redirectUris: [] };
  const kind = ClientKind.CLIENT_KIND_NATIVE;
  return (await cell.registerClient(settings, kind)).clientId;
}

/** A device that asks for its codes. */
async function ask(clientId: string, source: string) {
  const answer = await fetch(`${cell.issuer}/oauth/device`, {
    method: 'POST',
    headers: { 'x-forwarded-for': source },
    body: new URLSearchParams({ client_id: clientId, scope: 'openid' }),
  });
  const body = (await answer.json()) as { error?: string; error_description?: string };
  return { status: answer.status, body, retryAfter: answer.headers.get('retry-after') };
}

const given = (answers: readonly { status: number }[]): number =>
  answers.filter(({ status }) => status === 200).length;

describe('device codes of a client that keeps no secret (RFC 8628)', () => {
  it('so many for one source, and the error says how long to wait', async () => {
    const clientId = await publicClient();
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => ask(clientId, '198.51.100.1')),
    );
    expect(given(answers)).toBeGreaterThanOrEqual(20);
    expect(given(answers)).toBeLessThan(25);
    const refused = answers.find(({ status }) => status !== 200);
    expect([refused?.status, refused?.body.error]).toEqual([429, 'slow_down']);
    expect(refused?.body.error_description).toContain('too many devices at once');
    expect(Number(refused?.retryAfter)).toBeGreaterThan(0);
    // Somebody else is not braked by it.
    expect((await ask(clientId, '203.0.113.7')).status).toBe(200);
  });

  it('so many for all sources together; other clients go on', async () => {
    const clientId = await publicClient();
    const begun = Date.now();
    const answers = [];
    for (let round = 0; round < 40; round += 1) {
      // One code of each network: no source is near its own bound.
      const sources = Array.from({ length: 10 }, (_, at) => `2001:db8:${round}:${at}::1`);
      const asks = sources.map((source) => ask(clientId, source));
      answers.push(...(await Promise.all(asks)));
    }
    const seconds = (Date.now() - begun) / 1000;
    expect(given(answers)).toBeGreaterThanOrEqual(300);
    expect(given(answers)).toBeLessThanOrEqual(305 + seconds);
    expect(answers.some(({ status }) => status === 429)).toBe(true);
    expect((await ask(await publicClient(), '203.0.113.8')).status).toBe(200);
  });

  it('a client that has shown its secret is not braked', async () => {
    const client = await cell.registerClient();
    const basic = Buffer.from(`${client.clientId}:${client.secret}`).toString('base64');
    const askAs = () =>
      fetch(`${cell.issuer}/oauth/device`, {
        method: 'POST',
        headers: { authorization: `Basic ${basic}`, 'x-forwarded-for': '198.51.100.9' },
        body: new URLSearchParams({ scope: 'openid' }),
      });
    const answers = await Promise.all(Array.from({ length: 40 }, askAs));
    expect(given(answers)).toBe(40);
  });
});
