import { createTransport } from 'nodemailer';
import type { Secret } from '#libs/runtime/secret.js';
import { DeliveryRefused, type Transport } from './transport.js';

export interface SmtpSettings {
  readonly host: string;
  readonly port: number;
  /** `starttls` refuses a server that does not offer it; `none` is for loopback only. */
  readonly security: 'starttls' | 'tls' | 'none';
  /** PEM of the server's authority; absent: those of Node. */
  readonly ca?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
  /** `Name <address>` or an address. */
  readonly from: string;
}

const CONNECT_MS = 10_000;
const SOCKET_MS = 20_000;

/** Mail by SMTP submission (RFC 6409), over a few connections that are kept. */
export function smtpTransport(settings: SmtpSettings): Transport {
  const { host, port, security, ca, username, password, from } = settings;
  const auth =
    username === undefined ? {} : { auth: { user: username, pass: password?.reveal() ?? '' } };
  const connection = createTransport({
    host,
    port,
    pool: true,
    maxConnections: 2,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SOCKET_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...auth,
  });
  return {
    deliver: async ({ id, message, subject, text }) => {
      const headers = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' };
      const domain = /@([^@>]+)>?$/u.exec(from)?.[1] ?? 'localhost';
      const to = { name: '', address: message.to };
      const messageId = `<${id}@${domain}>`;
      try {
        await connection.sendMail({ from, to, subject, text, headers, messageId });
      } catch (error) {
        throw refusal(error) ?? error;
      }
    },
    close: () => connection.close(),
  };
}

/** A permanent answer (5xx, RFC 5321, 4.2.1) to this message; what is wrong with the login may pass. */
function refusal(error: unknown): DeliveryRefused | undefined {
  if (!(error instanceof Error)) return undefined;
  const { responseCode: answer, code } = error as Error & {
    readonly responseCode?: number;
    readonly code?: string;
  };
  const permanent = answer !== undefined && answer >= 500 && code !== 'EAUTH';
  return permanent ? new DeliveryRefused(`answer ${answer}`) : undefined;
}
