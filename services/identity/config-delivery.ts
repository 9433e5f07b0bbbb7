import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { ConfigError } from '#libs/runtime/env.js';
import { flag, hostPort, secret } from '#libs/runtime/env-types.js';
import type { SmtpSettings } from '#services/identity/adapters/delivery/smtp-transport.js';
import type { TwilioSettings } from '#services/identity/adapters/delivery/twilio-transport.js';
import type { WebhookSettings } from '#services/identity/adapters/delivery/webhook-transport.js';

export interface DeliveryConfig {
  /** Absent: no mail, and nothing that needs it is offered. */
  readonly smtp?: SmtpSettings | undefined;
  /** Absent: no text messages. */
  readonly sms?:
    | (TwilioSettings & { readonly kind: 'twilio' })
    | (WebhookSettings & { readonly kind: 'webhook' })
    | undefined;
  /** Keep in the data folder what has no way out: for development. */
  readonly outbox: boolean;
  /** Folder of templates that go before the built-in ones. */
  readonly templates?: string | undefined;
}

export const deliveryVariables = {
  LEDGATE_SMTP_ADDR: hostPort().optional(),
  LEDGATE_SMTP_SECURITY: z.enum(['starttls', 'tls', 'none']).default('starttls'),
  LEDGATE_SMTP_CA: z.string().optional(),
  LEDGATE_SMTP_USERNAME: z.string().optional(),
  LEDGATE_SMTP_PASSWORD: secret().optional(),
  LEDGATE_SMTP_FROM: z
    .string()
    .regex(/^(?:[^<>\r\n]+ )?<?[^\s@<>]+@[^\s@<>]+>?$/u, 'expected an address, or Name <address>')
    .optional(),
  LEDGATE_SMS: z.enum(['off', 'twilio', 'webhook']).default('off'),
  LEDGATE_SMS_URL: z.url({ protocol: /^https?$/u }).optional(),
  LEDGATE_SMS_ACCOUNT: z.string().optional(),
  LEDGATE_SMS_SECRET: secret().optional(),
  LEDGATE_SMS_FROM: z.string().optional(),
  LEDGATE_OUTBOX: flag().default(false),
  LEDGATE_MESSAGE_TEMPLATES: z.string().optional(),
};

type DeliveryEnv = {
  [K in keyof typeof deliveryVariables]: z.output<(typeof deliveryVariables)[K]>;
};

/** @throws ConfigError with every problem at once. */
export function deliveryFrom(env: DeliveryEnv): DeliveryConfig {
  const problems: string[] = [];
  const config = {
    smtp: smtpFrom(env, problems),
    sms: smsFrom(env, problems),
    outbox: env.LEDGATE_OUTBOX,
    templates: env.LEDGATE_MESSAGE_TEMPLATES,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function smtpFrom(env: DeliveryEnv, problems: string[]): DeliveryConfig['smtp'] {
  const address = env.LEDGATE_SMTP_ADDR;
  if (address === undefined) return undefined;
  const { LEDGATE_SMTP_FROM: from, LEDGATE_SMTP_SECURITY: security } = env;
  const { LEDGATE_SMTP_USERNAME: username, LEDGATE_SMTP_PASSWORD: password } = env;
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/gu, '');
  if (from === undefined) problems.push('LEDGATE_SMTP_FROM: not set');
  if ((username === undefined) !== (password === undefined)) {
    problems.push('LEDGATE_SMTP_USERNAME and LEDGATE_SMTP_PASSWORD: set both, or none');
  }
  if (security === 'none' && !isLoopback(host)) {
    problems.push('LEDGATE_SMTP_SECURITY: none is for a server on this host only');
  }
  const ca = env.LEDGATE_SMTP_CA === undefined ? undefined : pem(env.LEDGATE_SMTP_CA, problems);
  const port = Number(address.slice(colon + 1));
  return { host, port, security, ca, username, password, from: from ?? '' };
}

function smsFrom(env: DeliveryEnv, problems: string[]): DeliveryConfig['sms'] {
  const kind = env.LEDGATE_SMS;
  if (kind === 'off') return undefined;
  const { LEDGATE_SMS_SECRET: secret, LEDGATE_SMS_ACCOUNT: account, LEDGATE_SMS_FROM: from } = env;
  const url = env.LEDGATE_SMS_URL ?? (kind === 'twilio' ? 'https://api.twilio.com' : undefined);
  const missing = [
    url === undefined && 'LEDGATE_SMS_URL',
    secret === undefined && 'LEDGATE_SMS_SECRET',
    kind === 'twilio' && account === undefined && 'LEDGATE_SMS_ACCOUNT',
    kind === 'twilio' && from === undefined && 'LEDGATE_SMS_FROM',
  ].filter((name) => name !== false);
  problems.push(...missing.map((name) => `${name}: not set, and LEDGATE_SMS is ${kind}`));
  if (url === undefined || secret === undefined) return undefined;
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:' && !isLoopback(hostname)) {
    problems.push('LEDGATE_SMS_URL: http is for a server on this host only');
  }
  if (kind === 'webhook') return { kind, url, secret };
  return { kind, url, account: account ?? '', token: secret, from: from ?? '' };
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/u.test(host);
}

function pem(path: string, problems: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    problems.push(`LEDGATE_SMTP_CA: cannot read ${path}`);
    return undefined;
  }
}
