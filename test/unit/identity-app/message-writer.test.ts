import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { messageTexts } from '#services/identity/adapters/delivery/message-texts.js';
import { MessageWriter } from '#services/identity/adapters/delivery/message-writer.js';
import type { Message, MessageContent } from '#services/identity/ports/delivery.js';
import { temporaryFolder } from '../../support/identity/running-identity.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const contents: readonly MessageContent[] = [
  { kind: 'LOGIN_CODE', code: '314159', validMs: 300_000 },
  { kind: 'VERIFY_ADDRESS', code: '271828', validMs: 300_000 },
  { kind: 'RESET_PASSWORD', link: 'https://id.example/r#x', validMs: 1_800_000 },
  { kind: 'SIGN_UP', link: 'https://id.example/s#y', validMs: 1_800_000 },
  { kind: 'SECURITY_NOTICE', notice: 'PASSWORD_CHANGED', atMs: 1_800_000_000_000 },
];
const to = (content: MessageContent, language?: string, tenantName = 'Acme Inc.'): Message => ({
  tenant: 'tenant-1',
  tenantName,
  to: 'ada@example.org',
  language,
  content,
});
const secretOf = (content: MessageContent): string =>
  'code' in content ? content.code : 'link' in content ? content.link : '';
const builtIn = new MessageWriter(undefined);

function put(path: string, text: string): void {
  mkdirSync(join(folder.path, path, '..'), { recursive: true });
  writeFileSync(join(folder.path, path), text);
}

describe('the words of messages', () => {
  it.each(
    Object.keys(messageTexts).flatMap((language) => contents.map((c) => [language, c] as const)),
  )('in %s fill every place: %o', (language, content) => {
    for (const channel of ['mail', 'sms'] as const) {
      const { subject, text } = builtIn.write(channel, to(content, language));
      expect(`${subject}${text}`).not.toMatch(/[{}]/u);
      expect(`${subject}${text}`).toContain('Acme Inc.');
      expect(text).toContain(secretOf(content));
      expect(subject === '').toBe(channel === 'sms');
    }
  });

  it('are in the language asked for, by any of its tags, and English otherwise', () => {
    const [code] = contents as [MessageContent];
    expect(builtIn.write('mail', to(code, 'de-AT')).text).toContain('Anmeldecode');
    expect(builtIn.write('mail', to(code, 'DE')).text).toContain('Anmeldecode');
    for (const other of ['fr', '', '../de', 'constructor', undefined]) {
      expect(builtIn.write('mail', to(code, other)).text).toContain('sign-in code');
    }
  });

  it('keep a link out of the subject, and a short message short', () => {
    for (const content of contents) {
      for (const language of ['en', 'de']) {
        const mail = builtIn.write('mail', to(content, language));
        expect(mail.subject).not.toContain('https://');
        const { text } = builtIn.write('sms', to(content, language));
        expect(text.length < 160 || 'link' in content).toBe(true);
      }
    }
  });

  it('take a name as one line: it begins no header', () => {
    const [code] = contents as [MessageContent];
    const { subject, text } = builtIn.write('mail', to(code, 'en', 'Acme\r\nBcc: all@example.org'));
    expect(subject).toBe('314159 is your sign-in code for Acme Bcc: all@example.org');
    expect(text).not.toContain('\r');
  });

  it("come from a tenant's file first, then from the installation's, then from here", () => {
    const [code, verify] = contents as [MessageContent, MessageContent];
    put('en/LOGIN_CODE.mail.txt', 'Subject: All {code}\n\nFor all of {tenant}.\n');
    put('tenant-1/en/LOGIN_CODE.mail.txt', 'Subject: Own {code}\n\nOnly {tenant}, {nothing}.\n');
    const writer = new MessageWriter(folder.path);
    expect(writer.write('mail', to(code))).toEqual({
      subject: 'Own 314159',
      text: 'Only Acme Inc., {nothing}.\n',
    });
    const other = { ...to(code), tenant: 'tenant-2' };
    expect(writer.write('mail', other).subject).toBe('All 314159');
    expect(writer.write('mail', to(verify)).subject).toContain('confirms your address');
    expect(writer.write('mail', to(code, 'de')).subject).toContain('Anmeldecode');
  });
});
