import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { expect } from 'vitest';
import { passwordLogin, type Person } from './login-world.js';
import type { World } from './running-identity.js';

/** Every method of sessions and of the tokens in them, once, as it is meant. */
export async function everySession(
  world: World,
  call: World['call'],
  person: Person,
): Promise<void> {
  const logIn = async () => (await passwordLogin(world, person)).sessionToken;
  const [one, two, three] = [await logIn(), await logIn(), await logIn()];
  const { session } = await call(Sessions.getSession, {}, one);
  const sessionId = session?.sessionId ?? '';
  expect((await call(Sessions.extendSession, {}, one)).session).toEqual(session);
  const { sessions } = await call(Sessions.listSessions, {}, one);
  expect(sessions.map((it) => it.current)).toEqual([false, false, true]);

  const issued = await call(Tokens.issueToken, { withRefreshToken: true }, one);
  const { refreshToken } = issued;
  const refreshed = await call(Tokens.refreshToken, { refreshToken });
  const token = refreshed.accessToken;
  expect(await call(Tokens.introspectToken, { token }, one)).toMatchObject({
    active: true,
    sessionId,
  });
  await call(Tokens.revokeToken, { token });
  expect((await call(Tokens.introspectToken, { token }, one)).active).toBe(false);

  await call(Sessions.endSession, { sessionId }, two);
  expect((await call(Sessions.endOtherSessions, {}, two)).ended).toBe(1);
  await call(Sessions.endAllSessions, {}, two);
  for (const over of [one, two, three]) {
    await expect(call(Sessions.listSessions, {}, over)).rejects.toThrow('UNAUTHENTICATED');
  }
}
