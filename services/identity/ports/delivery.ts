/** What happened to an account that its owner should hear of although nobody asked. */
export type SecurityNotice =
  | 'PASSWORD_CHANGED'
  | 'PASSWORD_RESET'
  | 'FACTOR_ADDED'
  | 'FACTOR_REMOVED'
  | 'RECOVERY_CODES_MADE'
  | 'RECOVERY_CODE_USED'
  | 'SIGNED_UP_AGAIN';

/**
 * What a message says, by kind; the words are in the templates. `validMs`: how long code or link
 * lives. Codes and links are secret: they are in the message and nowhere else.
 */
export type MessageContent =
  | { readonly kind: 'LOGIN_CODE'; readonly code: string; readonly validMs: number }
  | { readonly kind: 'VERIFY_ADDRESS'; readonly code: string; readonly validMs: number }
  | { readonly kind: 'RESET_PASSWORD'; readonly link: string; readonly validMs: number }
  | { readonly kind: 'SIGN_UP'; readonly link: string; readonly validMs: number }
  | { readonly kind: 'SECURITY_NOTICE'; readonly notice: SecurityNotice; readonly atMs: number };

export type MessageKind = MessageContent['kind'];

/** One message to one person. */
export interface Message {
  readonly tenant: string;
  /** As the tenant calls itself; it is what the reader knows. */
  readonly tenantName: string;
  /** A mail address, or a phone number in E.164 form (`+491701234567`). */
  readonly to: string;
  /** BCP 47 tag as the account or the browser said it; what is unknown becomes English. */
  readonly language?: string | undefined;
  readonly content: MessageContent;
}

/**
 * 1. `send` returns at once and never throws: whether an address exists, is reachable or is slow
 *    cannot be told from the time of an answer. It takes the same time for all.
 * 2. A message is tried again for some minutes, at most until what it carries is no longer valid;
 *    then, or when too many wait, it is dropped and counted. A process that dies loses what waits:
 *    people ask for another.
 * 3. Neither address nor content reaches logs or metrics.
 */
export interface MessageSender {
  /** False: this installation has no such channel, and must not offer it. */
  readonly available: boolean;
  send(message: Message): void;
}

/** `to` is a mail address. */
export interface MailSender extends MessageSender {
  readonly channel: 'MAIL';
}

/** `to` is a phone number. */
export interface SmsSender extends MessageSender {
  readonly channel: 'SMS';
}

/** Both ways to a person, in `IdentityParts.delivery`. */
export interface Delivery {
  readonly mail: MailSender;
  readonly sms: SmsSender;
  /** To addresses that clients have named. */
  readonly postForm: PostForm;
}

/** Posts a form; resolves with the status. Redirects are not followed. */
export type PostForm = (uri: string, form: URLSearchParams, signal: AbortSignal) => Promise<number>;
