import { describe, expect, it } from 'vitest';
import { ConfigError } from '#libs/runtime/env.js';
import { identityConfigFromEnv } from '#services/identity/config.js';

const needed = { LEDGATE_ISSUER: 'https://id.example', LEDGATE_AUDIENCE: 'api' };
const read = (env: Record<string, string>) =>
  identityConfigFromEnv({ env: { ...needed, ...env }, readFile: () => 'from a file\n' }).delivery;
const problems = (env: Record<string, string>): readonly string[] => {
  try {
    read(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
};

describe('settings of delivery', () => {
  it('are none by default: nothing that needs a message is offered', () => {
    expect(read({})).toEqual({
      smtp: undefined,
      sms: undefined,
      outbox: false,
      templates: undefined,
    });
  });

  it('read an SMTP server, its password from a file', () => {
    const smtp = read({
      LEDGATE_SMTP_ADDR: '[::1]:587',
      LEDGATE_SMTP_FROM: 'Acme <no-reply@acme.example>',
      LEDGATE_SMTP_USERNAME: 'acme',
      LEDGATE_SMTP_PASSWORD_FILE: '/run/secret',
    })?.smtp;
    expect(smtp).toMatchObject({ host: '::1', port: 587, security: 'starttls', username: 'acme' });
    expect(smtp?.password?.reveal()).toBe('from a file');
    expect(JSON.stringify(smtp)).not.toContain('from a file');
  });

  it.each([
    [{ LEDGATE_SMTP_ADDR: 'mail.example:587' }, /LEDGATE_SMTP_FROM: not set/u],
    [
      {
        LEDGATE_SMTP_ADDR: 'mail.example:25',
        LEDGATE_SMTP_FROM: 'a@b.c',
        LEDGATE_SMTP_SECURITY: 'none',
      },
      /on this host only/u,
    ],
    [
      {
        LEDGATE_SMTP_ADDR: 'mail.example:25',
        LEDGATE_SMTP_FROM: 'a@b.c',
        LEDGATE_SMTP_USERNAME: 'a',
      },
      /set both, or none/u,
    ],
    [{ LEDGATE_SMTP_ADDR: 'a:25', LEDGATE_SMTP_FROM: 'nobody' }, /expected an address/u],
    [
      { LEDGATE_SMTP_ADDR: 'a:25', LEDGATE_SMTP_FROM: 'x <a@b.c>\nBcc: d@e.f' },
      /expected an addr/u,
    ],
    [{ LEDGATE_SMS: 'webhook' }, /LEDGATE_SMS_URL: not set/u],
    [{ LEDGATE_SMS: 'twilio', LEDGATE_SMS_SECRET: 's' }, /LEDGATE_SMS_ACCOUNT: not set/u],
    [
      { LEDGATE_SMS: 'webhook', LEDGATE_SMS_SECRET: 's', LEDGATE_SMS_URL: 'http://sms.example/' },
      /http is for a server on this host only/u,
    ],
  ])('refuse %o', (env, problem) => {
    expect(problems(env).join('\n')).toMatch(problem);
  });

  it('know where Twilio is', () => {
    const env = { LEDGATE_SMS: 'twilio', LEDGATE_SMS_SECRET: 's', LEDGATE_SMS_ACCOUNT: 'AC1' };
    const sms = read({ ...env, LEDGATE_SMS_FROM: '+15005550006' })?.sms;
    expect(sms).toMatchObject({ kind: 'twilio', url: 'https://api.twilio.com' });
  });
});
