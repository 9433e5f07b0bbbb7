import { createHmac } from 'node:crypto';
import type { Clock } from '#libs/runtime/clock.js';
import type { Secret } from '#libs/runtime/secret.js';
import { post } from './post.js';
import type { Transport } from './transport.js';

export interface WebhookSettings {
  readonly url: string;
  readonly secret: Secret;
}

/**
 * Text messages by a service of one's own: JSON `{id, to, text, tenant, kind}`, signed in the
 * header `ledgate-signature: t=<seconds>,v1=<hex>` with HMAC-SHA-256 over `<seconds>.<body>`. The
 * receiver compares in constant time, refuses what is older than five minutes, and takes each id
 * once.
 */
export function webhookTransport({ url, secret }: WebhookSettings, clock: Clock): Transport {
  const target = new URL(url);
  return {
    deliver: ({ id, message, text }) => {
      const { to, tenant, content } = message;
      const body = JSON.stringify({ id, to, text, tenant, kind: content.kind });
      const seconds = Math.floor(clock.wallMs() / 1000);
      const headers = {
        'content-type': 'application/json',
        'ledgate-signature': `t=${seconds},v1=${signatureOf(secret, seconds, body)}`,
      };
      return post(target, headers, body);
    },
  };
}

/** Lower-case hex of HMAC-SHA-256 over `<seconds>.<body>`. */
export function signatureOf(secret: Secret, seconds: number, body: string): string {
  return createHmac('sha256', secret.reveal()).update(`${seconds}.${body}`).digest('hex');
}
