import { describe, expect, it } from 'vitest';
import { deviceLabel } from '#services/identity/http/pages/device-label.js';
import { de } from '#services/identity/http/pages/texts/de.js';
import { en } from '#services/identity/http/pages/texts/en.js';
import {
  acceptedLanguage,
  languageOf,
  translator,
} from '#services/identity/http/pages/texts/language.js';

describe('the language of a page', () => {
  it.each([
    ['de', 'de'],
    ['de-AT,en;q=0.5', 'de'],
    ['en;q=0.5, de;q=0.8', 'de'],
    ['fr, de;q=0.1', 'de'],
    ['de;q=0, en', 'en'],
    ['en, de', 'en'],
    ['fr', undefined],
    ['*', undefined],
    ['', undefined],
    ['de;q=nonsense', 'de'],
    [`${'x,'.repeat(10_000)}de`, undefined],
  ])('of %j is %s (RFC 9110, 12.5.4)', (header, language) => {
    expect(acceptedLanguage(header)).toBe(language);
  });

  it('takes no other text for one', () => {
    for (const text of ['constructor', '__proto__', '../de', 'deutsch', undefined]) {
      expect(languageOf(text)).toBeUndefined();
    }
  });

  it('fills the same places in each language', () => {
    const places = (text: string): readonly string[] => (text.match(/\{[a-z]+\}/gu) ?? []).sort();
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect([key, ...places(de[key])]).toEqual([key, ...places(en[key])]);
    }
    expect(translator('de')('login.lead', { tenant: '{client}' })).toContain('{client}');
  });
});

describe('what a session is called', () => {
  it.each([
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox · Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0 Safari/537.36 Edg/138.0',
      'Edge · Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile/15E Safari/604.1',
      'Safari · iPhone',
    ],
    ['curl/8.0', ''],
    [undefined, ''],
  ])('%s', (agent, label) => {
    expect(deviceLabel(agent)).toBe(label);
  });
});
