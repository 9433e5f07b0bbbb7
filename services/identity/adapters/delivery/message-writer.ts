import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from '#services/identity/ports/delivery.js';
import { messageTexts, type MessageTexts } from './message-texts.js';
import type { WrittenMessage } from './transport.js';

type Written = Pick<WrittenMessage, 'subject' | 'text'>;
type Channel = 'mail' | 'sms';

/**
 * Puts messages in words. A file below `folder` goes before the built-in text, the most special
 * one first: `<tenant id>/<language>/<KIND>.<mail|sms>.txt`, then `<language>/<KIND>.….txt`. Files
 * are read each time, so that a change needs no restart.
 */
export class MessageWriter {
  readonly #folder: string | undefined;

  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  write(channel: Channel, message: Message): Written {
    const language = languageOf(message.language);
    const texts = messageTexts[language] as MessageTexts;
    const template = this.#template(channel, message, language) ?? builtIn(texts, channel, message);
    const filled = fill(template, placesOf(message, texts, language));
    if (channel === 'sms') return { subject: '', text: filled.trim() };
    const [first = '', ...rest] = filled.split('\n');
    const subject = first.replace(/^Subject:\s*/u, '').trim();
    return { subject, text: `${rest.join('\n').trim()}\n` };
  }

  #template(channel: Channel, message: Message, language: string): string | undefined {
    if (this.#folder === undefined) return undefined;
    const name = `${message.content.kind}.${channel}.txt`;
    const tried = [join(message.tenant, language, name), join(language, name)];
    for (const path of tried) {
      const text = readIfThere(join(this.#folder, path));
      if (text !== undefined) return text;
    }
    return undefined;
  }
}

/** A language that has texts; English for what is unknown. */
export function languageOf(tag: string | undefined): string {
  const first = tag?.toLowerCase().split('-')[0] ?? '';
  return Object.hasOwn(messageTexts, first) ? first : 'en';
}

function builtIn(texts: MessageTexts, channel: Channel, { content }: Message): string {
  const text = channel === 'mail' ? texts.mail[content.kind] : texts.sms[content.kind];
  return text ?? texts.mail[content.kind].split('\n').slice(2).join('\n');
}

function placesOf(
  { content, tenantName }: Message,
  texts: MessageTexts,
  language: string,
): Readonly<Record<string, string>> {
  const minutes =
    'validMs' in content ? String(Math.max(1, Math.floor(content.validMs / 60_000))) : '';
  const time = { dateStyle: 'long', timeStyle: 'long', timeZone: 'UTC' } as const;
  return {
    tenant: oneLine(tenantName),
    code: 'code' in content ? content.code : '',
    link: 'link' in content ? content.link : '',
    what: 'notice' in content ? texts.notices[content.notice] : '',
    time: 'atMs' in content ? new Intl.DateTimeFormat(language, time).format(content.atMs) : '',
    minutes,
  };
}

/** A name with line breaks must not begin a header or a paragraph of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, ' ').trim();
}

function fill(template: string, places: Readonly<Record<string, string>>): string {
  return template.replaceAll(/\{([a-z]+)\}/gu, (whole, name: string) => places[name] ?? whole);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
