import { describe, expect, it } from 'vitest';
import { accessOf, listedMethods, permissionOf } from '#services/identity/app/method-access.js';
import { resourceOf } from '#services/identity/app/permit.js';
import { builtInPermissions } from '#services/identity/domain/built-in-permissions.js';
import { everyMethod, everyStream } from '../../support/identity/every-method.js';

const defined = (system: boolean): Set<string> =>
  new Set(builtInPermissions(system).map(({ permission }) => permission));

describe('the table of who may call what', () => {
  it('lists every method of the protos and no other', () => {
    const paths = [...everyMethod, ...everyStream].map(({ path }) => path);
    expect([...listedMethods()].sort()).toEqual(paths.sort());
  });

  it('asks for permissions that every tenant has defined, or for the system tenant alone', () => {
    for (const method of listedMethods()) {
      const access = accessOf(method);
      if (access?.who === 'PUBLIC' || access?.who === 'AUTHENTICATED') continue;
      expect(defined(true)).toContain(permissionOf(method));
      expect([method, defined(false).has(permissionOf(method))]).toEqual([
        method,
        access?.systemOnly === false,
      ]);
    }
  });

  it('denies what it does not list', () => {
    expect(accessOf('/ledgate.identity.v1.TokenService/Impersonate')).toBeUndefined();
    expect(accessOf('ledgate.identity.v1.TokenService/Login')).toBeUndefined();
  });

  it('opens to callers without a credential what judges what it is given', () => {
    const open = listedMethods().filter((method) => accessOf(method)?.who === 'PUBLIC');
    expect(open.map((method) => method.split('/')[2] ?? '').sort()).toEqual([
      'AnswerFactor',
      'ChangePassword',
      'ChooseFactor',
      'ConfirmNameVerification',
      'ConfirmOtpChannel',
      'ConfirmPasskey',
      'ConfirmTotp',
      'FinishPasskeyLogin',
      'GenerateRecoveryCodes',
      'GetJwks',
      'Login',
      'RefreshToken',
      'RemoveFactor',
      'RequestReset',
      'RequestSignUp',
      'ResetPassword',
      'RevokeToken',
      'SignUp',
      'StartLogin',
      'StartNameVerification',
      'StartOtpChannel',
      'StartPasskey',
      'StartPasskeyLogin',
      'StartStepUp',
      'StartTotp',
      'StepUp',
    ]);
  });

  it('names permissions and resources', () => {
    const grantRole = '/ledgate.identity.v1.GrantService/GrantRole';
    expect(permissionOf(grantRole)).toBe('ledgate.identity:grant-role');
    const access = accessOf(grantRole)!;
    expect(resourceOf(access, { tenant: 't', role: 'r' })).toBe('tenants/t/roles/r');
    expect(resourceOf(access, { tenant: 't' })).toBe('tenants/t/roles');
    const whole = accessOf('/ledgate.identity.v1.TenantService/GetTenant')!;
    expect(resourceOf(whole, { tenant: 't' })).toBe('tenants/t');
  });
});
