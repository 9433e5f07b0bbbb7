import { generateSync } from 'otplib';
import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { SoftAuthenticator } from '../identity/soft-authenticator.js';
import type { Pair } from '../ledgate/running-pair.js';

export interface SecretNotes {
  readonly admin: string;
  readonly secret: (name: string, text: string) => string;
  readonly personal: (name: string, text: string) => string;
  readonly refused: (call: Promise<unknown>) => Promise<void>;
}

/** Somebody with an authenticator app, a passkey and recovery codes, who logs in and errs. */
export async function useFactors(pair: Pair, notes: SecretNotes): Promise<void> {
  const { admin, secret, personal, refused } = notes;
  const loginName = personal('user name', 'factorina.zyx');
  const password = secret('password beside factors', 'green walrus lantern 4');
  await pair.call(Principals.createUser, { username: loginName, password }, admin);
  const person = { tenant: 'acme', loginName, password };
  const deviceLabel = 'a laptop';
  const first = (await pair.call(Logins.startLogin, { ...person, deviceLabel })).step?.done;
  const session = secret('session token', first?.sessionToken ?? '');
  secret('device token', first?.deviceToken ?? '');

  const offer = await pair.call(Factors.startTotp, {}, session);
  const seed = secret('seed', offer.seed);
  secret('ticket of an enrolment', offer.ticket);
  const codeAt = (steps: number): string =>
    generateSync({ secret: seed, epoch: Math.floor(Date.now() / 1000) + 30 * steps });
  const { ticket } = offer;
  await refused(pair.call(Factors.confirmTotp, { ticket, code: '0000000' }, session));
  await pair.call(Factors.confirmTotp, { ticket, code: codeAt(-1) }, session);

  const begun = (await pair.call(Logins.startLogin, person)).step;
  const login = secret('ticket of a log-in', begun?.ticket ?? '');
  const answer = (value: string) => ({ answer: { $case: 'code' as const, value } });
  await refused(pair.call(Logins.answerFactor, { ticket: login, answer: answer(seed) }));
  const right = { ticket: login, answer: answer(codeAt(0)) };
  const done = (await pair.call(Logins.answerFactor, right)).step?.done;
  const strong = secret('session token of two factors', done?.sessionToken ?? '');
  const issued = await pair.call(Tokens.issueToken, { withRefreshToken: true }, strong);
  secret('access token in a session', issued.accessToken);
  const refreshToken = secret('refresh token', issued.refreshToken);
  const next = await pair.call(Tokens.refreshToken, { refreshToken });
  secret('next refresh token', next.refreshToken);
  secret('refreshed access token', next.accessToken);
  await refused(pair.call(Tokens.refreshToken, { refreshToken: `${refreshToken}x` }));
  await pair.call(Tokens.introspectToken, { token: next.refreshToken }, strong);
  await pair.call(Tokens.revokeToken, { token: next.refreshToken });
  await refused(pair.call(Logins.answerFactor, right));

  const { codes } = await pair.call(Factors.generateRecoveryCodes, {}, strong);
  for (const code of codes) {
    secret('recovery code', code);
    secret('recovery code', code.replaceAll('-', ''));
  }
  const passkey = await pair.call(Factors.startPasskey, {}, strong);
  secret('ticket of a passkey', passkey.ticket);
  const options = JSON.parse(passkey.passkeyOptionsJson) as { challenge: string };
  secret('WebAuthn challenge', options.challenge);
  const passkeyJson = new SoftAuthenticator('https://evil.test').create(passkey.passkeyOptionsJson);
  await refused(pair.call(Factors.confirmPasskey, { ticket: passkey.ticket, passkeyJson }, strong));
  await refused(pair.call(Logins.requestReset, { tenant: 'acme', loginName }));
}
