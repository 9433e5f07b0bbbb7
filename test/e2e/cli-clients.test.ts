import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliGroups } from '../support/ledgate/cli-groups.js';

let cli: CliGroups;

beforeAll(async () => {
  cli = await CliGroups.start('client', 'certificate', 'consent', 'upstream');
});
afterAll(() => cli.stop());

describe('the command line', () => {
  it('providers that people log in at', async () => {
    const line =
      'upstream set corp --name Corp --issuer https://login.corp.example --client-id us --two-factor-amrs mfa';
    await cli.json(`${line} --secret-stdin`, { input: 'a secret of theirs' });
    expect(await cli.json('upstream list')).toMatchObject([
      { provider: 'corp', twoFactorAmrs: ['mfa'] },
    ]);
    expect(await cli.json('upstream links alice')).toEqual([]);
    expect((await cli.run('upstream unlink none alice')).code).toBe(4);
    await cli.json('upstream remove corp');
    expect(await cli.json('upstream list')).toEqual([]);
  });

  it('OAuth clients, their secrets, certificates and consents', async () => {
    const made = await cli.json<{ clientId: string; principalId: string; clientSecret: string }>(
      'client register Shop --kind web --redirect https://shop.example/cb --scopes openid',
    );
    expect(made.clientSecret).toMatch(/^lgcs_/);
    const short = '--access-ttl 5m --refresh-idle 1d --audiences shop --offline-audiences edge';
    await cli.json(`client change Shop --name Store --dpop --grants code,refresh,device ${short}`);
    const { credentialId } = await cli.json('client create-secret Store --expires 90d');
    const next = await cli.json(`client rotate-secret Store ${String(credentialId)} --overlap 1h`);
    await cli.json(`client revoke-secret Store ${String(next['credentialId'])}`);
    expect(await cli.json('client show Store')).toMatchObject({
      clientId: made.clientId,
      name: 'Store',
      kind: 'web',
      status: 'ACTIVE',
      scopes: ['openid'],
      audiences: ['shop', 'edge (offline)'],
      dpopRequired: true,
    });
    expect(await cli.json('client list')).toMatchObject([{ name: 'Store', kind: 'web' }]);

    const alice = `--credential ${cli.dev.aliceKey}`;
    await cli.json(`consent give ${made.clientId} --scopes openid ${alice}`);
    expect(await cli.json(`consent list ${alice}`)).toMatchObject([{ name: 'Store' }]);
    expect(await cli.json('consent list alice')).toMatchObject([{ scopes: ['openid'] }]);
    await cli.json('consent withdraw Store alice');
    expect(await cli.json('consent list alice')).toEqual([]);

    const spiffe = 'spiffe://example.org/store';
    const bind = `certificate bind ${made.principalId} --name Store --spiffe ${spiffe}`;
    const bound = await cli.json<{ credentialId: string }>(bind);
    expect(await cli.json(`certificate list ${made.principalId}`)).toMatchObject([
      { spiffeId: spiffe, status: 'ACTIVE' },
    ]);
    await cli.json(`certificate remove ${bound.credentialId}`);

    await cli.json('client suspend Store');
    await cli.json('client resume Store');
    await cli.json('client delete Store');
    expect(await cli.json('client list')).toEqual([]);
    expect((await cli.run('client show Store')).code).toBe(4);
  });

  it('says which setting is wrong', async () => {
    const ran = await cli.run('client register Bad --kind native --redirect http://shop.example/');
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain('settings.redirect_uris[0]');
  });

  it('tried every command of these groups', () => {
    expect(cli.untried).toEqual([]);
  });
});
