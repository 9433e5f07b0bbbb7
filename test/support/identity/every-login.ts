import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import {
  LoginNameKind,
  PrincipalServiceService as Principals,
} from '#proto/ledgate/identity/v1/principal.js';
import {
  FactorDemand,
  TenantServiceService as Tenants,
  type TenantSettings,
} from '#proto/ledgate/identity/v1/tenant.js';
import { everyUpstream } from './every-upstream.js';
import { codeOf, origin, type LoginWorld } from './login-world.js';
import type { World } from './running-identity.js';
import { SoftAuthenticator } from './soft-authenticator.js';

const password = 'seven slow harbours';

/** Every method of logging in and of factors, once, as one person meets them. */
export async function everyLogin(
  world: LoginWorld,
  call: World['call'],
  admin: string,
): Promise<void> {
  const tenant = 'acme';
  const email = 'lou@example.com';
  await everyUpstream(call, admin);
  await call(Tenants.updateTenantSettings, { settings: openTo() }, admin);
  await call(Logins.requestSignUp, { tenant, email });
  const link = await world.messageTo(email, 'SIGN_UP');
  const signUp = { token: tokenIn(link.text), displayName: 'Lou', password };
  const { principalId } = await call(Logins.signUp, signUp);
  const first = await call(Logins.startLogin, { tenant, loginName: email, password });
  const session = first.step?.done?.sessionToken ?? '';

  const { ticket, seed } = await call(Factors.startTotp, {}, session);
  await call(Factors.confirmTotp, { ticket, code: codeOf(world, seed) }, session);
  world.later();
  const begun = await call(Logins.startLogin, { tenant, loginName: email, password });
  const code = { answer: { $case: 'code' as const, value: codeOf(world, seed) } };
  const answered = await call(Logins.answerFactor, {
    ticket: begun.step?.ticket ?? '',
    answer: code,
  });
  const strong = answered.step?.done?.sessionToken ?? '';

  const typed = {
    principalId: answered.step?.done?.principalId ?? '',
    kind: LoginNameKind.LOGIN_NAME_KIND_EMAIL,
    value: 'lou@x.example',
  };
  await call(Principals.addLoginName, typed, admin);
  const named = await call(Factors.startNameVerification, { value: typed.value }, strong);
  const there = await world.messageTo(typed.value, 'VERIFY_ADDRESS');
  const proof = { ticket: named.ticket, code: /\b\d{3} ?\d{3}\b/u.exec(there.text)?.[0] ?? '' };
  await call(Factors.confirmNameVerification, proof, strong);

  const address = 'lou@example.org';
  const channel = await call(Factors.startOtpChannel, { kind: 4, address }, strong);
  const sent = await world.messageTo(address, 'VERIFY_ADDRESS');
  const confirm = { ticket: channel.ticket, code: /\b\d{3} ?\d{3}\b/u.exec(sent.text)?.[0] ?? '' };
  const mail = await call(Factors.confirmOtpChannel, confirm, strong);
  await call(Factors.generateRecoveryCodes, {}, strong);
  const { credentialId = '' } = mail.enrolled ?? {};
  const second = await call(Logins.startLogin, { tenant, loginName: email, password });
  await call(Logins.chooseFactor, { ticket: second.step?.ticket ?? '', credentialId });
  await call(Factors.removeFactor, { credentialId }, strong);

  const device = new SoftAuthenticator(origin);
  const offered = await call(Factors.startPasskey, {}, strong);
  const passkeyJson = device.create(offered.passkeyOptionsJson);
  await call(Factors.confirmPasskey, { ticket: offered.ticket, passkeyJson }, strong);
  const alone = await call(Logins.startPasskeyLogin, {});
  const finish = {
    ticket: alone.ticket,
    tenant,
    passkeyJson: device.get(alone.passkeyOptionsJson),
  };
  const { step } = await call(Logins.finishPasskeyLogin, finish);
  const sessionToken = step?.done?.sessionToken ?? '';
  world.later();
  const up = await call(Logins.startStepUp, { sessionToken });
  const again = { answer: { $case: 'code' as const, value: codeOf(world, seed) } };
  await call(Logins.stepUp, { sessionToken, ticket: up.step?.ticket ?? '', answer: again });

  await call(Factors.listFactors, { principalId }, admin);
  await call(Factors.resetFactors, { principalId }, admin);
  await call(Logins.requestReset, { tenant, loginName: email });
  const reset = await world.messageTo(email, 'RESET_PASSWORD');
  const newPassword = 'eight slow harbours';
  await call(Logins.resetPassword, { token: tokenIn(reset.text), newPassword });
  await call(Principals.deletePrincipal, { principalId }, admin);
}

function openTo(): TenantSettings {
  return {
    passwordMinLength: undefined,
    accessTokenTtlMs: undefined,
    softStalenessMs: undefined,
    hardStalenessMs: undefined,
    factors: {
      allowed: [1, 2, 3, 4, 5],
      requiredFor: FactorDemand.FACTOR_DEMAND_NOBODY,
      rememberDevicesDays: 0,
      basicWithoutFactor: undefined,
    },
    sessionIdleMs: undefined,
    sessionAbsoluteMs: undefined,
    sessionLimit: undefined,
    refreshIdleMs: undefined,
    refreshAbsoluteMs: undefined,
    refreshGraceMs: undefined,
    outageGraceMs: undefined,
    offlineTokenTtlMs: undefined,
    selfSignUp: true,
    mailUnverified: undefined,
  };
}

function tokenIn(text: string): string {
  return /\?token=([\w-]+)/u.exec(text)?.[1] ?? '';
}
