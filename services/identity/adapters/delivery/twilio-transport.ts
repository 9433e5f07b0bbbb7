import type { Secret } from '#libs/runtime/secret.js';
import { post } from './post.js';
import type { Transport } from './transport.js';

export interface TwilioSettings {
  /** Of a service that speaks Twilio's Messages API. */
  readonly url: string;
  readonly account: string;
  readonly token: Secret;
  /** A number, a name that the carrier knows, or a messaging service (`MG…`). */
  readonly from: string;
}

/** Text messages by the HTTP API of Twilio, version 2010-04-01, which others offer too. */
export function twilioTransport({ url, account, token, from }: TwilioSettings): Transport {
  const target = new URL(`/2010-04-01/Accounts/${encodeURIComponent(account)}/Messages.json`, url);
  const authorization = Buffer.from(`${account}:${token.reveal()}`).toString('base64');
  const sender = from.startsWith('MG') ? { MessagingServiceSid: from } : { From: from };
  return {
    deliver: ({ message, text }) =>
      post(
        target,
        {
          authorization: `Basic ${authorization}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
        new URLSearchParams({ To: message.to, ...sender, Body: text }).toString(),
      ),
  };
}
