import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '#libs/grpc/connect.js';
import { LoginServiceClient } from '#proto/ledgate/identity/v1/login.js';
import { ask } from '#services/ledgate/cli/ask.js';
import { CliGroups } from '../support/ledgate/cli-groups.js';

const password = 'correct horse battery staple';
let cli: CliGroups;

beforeAll(async () => {
  cli = await CliGroups.start('session');
});
afterAll(() => cli.stop());

describe('sessions', () => {
  it('are listed and ended, and their tokens refreshed, asked about and revoked', async () => {
    await cli.json('user create sam --password-stdin', { input: `${password}\n` });
    const [one, two, three, four] = [await logIn(), await logIn(), await logIn(), await logIn()];
    const as = (token: string) => `--credential ${token}`;
    const own = await cli.json<{ session: string }>(`session get ${as(one)}`);
    expect(await cli.json(`session extend ${as(one)}`)).toMatchObject({ session: own.session });
    expect(await cli.json('session list --user sam')).toHaveLength(4);

    const issued = await cli.json<{ accessToken: string; refreshToken: string }>(
      `token issue --refresh ${as(one)}`,
    );
    const about = { input: `${issued.accessToken}\n` };
    expect(await cli.json(`token introspect ${as(one)}`, about)).toMatchObject({
      active: true,
      tokenType: 'access_token',
      sessionId: own.session,
    });
    const next = await cli.json<{ accessToken: string; refreshToken: string }>('token refresh', {
      input: `${issued.refreshToken}\n`,
    });
    expect(next.refreshToken).not.toBe(issued.refreshToken);
    await cli.json('token revoke', about);
    expect(await cli.json(`token introspect ${as(one)}`, { ...about, code: 1 })).toEqual({
      active: false,
    });

    await cli.json(`session end ${own.session} --user sam`);
    expect((await cli.run(`session get ${as(one)}`)).code).toBe(3);
    expect((await cli.run('token refresh', `${next.refreshToken}\n`)).code).toBe(3);
    expect(await cli.json(`session end-others ${as(two)}`)).toMatchObject({ ended: 2 });
    expect((await cli.run(`session get ${as(three)}`)).code).toBe(3);
    await cli.json(`session end-all ${as(two)}`);
    for (const ended of [two, four])
      expect((await cli.run(`session list ${as(ended)}`)).code).toBe(3);
  });

  async function logIn(): Promise<string> {
    const { identity: address } = cli.dev;
    const client = connect(LoginServiceClient, {
      address,
      credentials: undefined,
      allowPlaintext: false,
    });
    const request = { tenant: 'demo', loginName: 'sam', password, deviceToken: '' };
    const { step } = await ask(client, 'startLogin', { ...request, deviceLabel: 'laptop' });
    client.close();
    return step?.done?.sessionToken ?? '';
  }

  it('all of them', () => {
    expect(cli.untried).toEqual([]);
  });
});
