import { de } from './de.js';
import { en, type TextKey } from './en.js';

export type Language = 'en' | 'de';

export const languages: Readonly<Record<Language, { readonly name: string }>> = {
  en: { name: 'English' },
  de: { name: 'Deutsch' },
};

const texts: Readonly<Record<Language, Readonly<Record<TextKey, string>>>> = { en, de };

export type Translate = (key: TextKey, values?: Readonly<Record<string, string>>) => string;

/** Texts of one language, with their places filled. */
export function translator(language: Language): Translate {
  const own = texts[language];
  return (key, values = {}) =>
    own[key].replaceAll(/\{([a-z]+)\}/gu, (whole, name: string) => values[name] ?? whole);
}

/** The language of a BCP 47 tag, where we have it. */
export function languageOf(tag: string | undefined): Language | undefined {
  const first = tag?.trim().toLowerCase().split('-')[0];
  return first !== undefined && Object.hasOwn(languages, first) ? (first as Language) : undefined;
}

/** Best of an Accept-Language header (RFC 9110 section 12.5.4); `undefined`: none that we have. */
export function acceptedLanguage(header: string | undefined): Language | undefined {
  const wishes = (header ?? '')
    .slice(0, 500)
    .split(',')
    .map((part, order) => {
      const [tag = '', ...parameters] = part.split(';');
      const q = parameters.map((one) => /^\s*q=([01](?:\.\d{1,3})?)\s*$/u.exec(one)?.[1]);
      return { language: languageOf(tag), weight: Number(q[0] ?? 1), order };
    })
    .filter(({ language, weight }) => language !== undefined && weight > 0)
    .sort((a, b) => b.weight - a.weight || a.order - b.order);
  return wishes[0]?.language;
}
