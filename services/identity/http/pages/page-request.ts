import type { Context } from 'hono';
import { cookieName, cookieText, parseCookies } from '../cookies.js';
import { csrfField } from '../csrf.js';
import type { PagesContext } from './pages-context.js';
import { StaleForm } from './refusal.js';
import { acceptedLanguage, languageOf, translator, type Language } from './texts/language.js';
import type { View } from './view/view.js';

const languageParameter = 'lang';
const languageCookie = 'ledgate_lang';
const yearS = 31_536_000;

/** What a page is shown with: language, guard of its forms, whose it is. */
export function viewOf(
  pages: PagesContext,
  c: Context,
  tenantName: string | undefined,
  uiLocales: readonly string[] = [],
): View {
  const language = chooseLanguage(pages, c, uiLocales);
  const query = new URL(c.req.url).searchParams;
  query.delete(languageParameter);
  return {
    t: translator(language),
    language,
    csrf: pages.csrf.token(c),
    tenantName,
    // Two slashes at its beginning would be the name of another host (CWE-601).
    path: c.req.path.replace(/^[/\\]+/u, '/'),
    query,
  };
}

/** A choice goes before a cookie, that before the client's wish, that before the browser's. */
function chooseLanguage(
  { issuer }: PagesContext,
  c: Context,
  uiLocales: readonly string[],
): Language {
  const secure = issuer.protocol === 'https:';
  const name = cookieName(languageCookie, secure);
  const chosen = languageOf(c.req.query(languageParameter));
  if (chosen !== undefined) {
    c.header('set-cookie', cookieText(name, chosen, { secure, maxAgeS: yearS }), { append: true });
    return chosen;
  }
  const kept = languageOf(parseCookies(c.req.header('cookie')).get(name));
  const wished = uiLocales.map(languageOf).find((language) => language !== undefined);
  return kept ?? wished ?? acceptedLanguage(c.req.header('accept-language')) ?? 'en';
}

/** The language of a request that is not one of ours to answer, by its headers alone. */
export function languageOfHeaders(
  headers: {
    readonly cookie?: string | undefined;
    readonly 'accept-language'?: string | undefined;
  },
  secure: boolean,
): Language {
  const kept = parseCookies(headers.cookie).get(cookieName(languageCookie, secure));
  return languageOf(kept) ?? acceptedLanguage(headers['accept-language']) ?? 'en';
}

/** The fields of a form, as text. */
export type Fields = (name: string) => string;

/** Longest text that a field may hold, in UTF-16 units: passkey answers are the longest. */
const longestField = 20_000;

/** Reads a form and makes sure that it is ours. @throws StaleForm */
export async function fieldsOf(pages: PagesContext, c: Context): Promise<Fields> {
  const body = await c.req.parseBody();
  try {
    pages.csrf.check(c, body[csrfField]);
  } catch {
    throw new StaleForm();
  }
  return (name) => {
    const value = body[name];
    return typeof value === 'string' && value.length <= longestField ? value : '';
  };
}
