import type { Language, Translate } from '../texts/language.js';

/** What every page is shown with. */
export interface View {
  readonly t: Translate;
  readonly language: Language;
  /** For the hidden field of each form. */
  readonly csrf: string;
  /** As the tenant calls itself; absent: a page of nobody's. */
  readonly tenantName: string | undefined;
  /** Path of this page, to which a choice of language leads back; `''`: none is offered. */
  readonly path: string;
  /** Its query, without the language. */
  readonly query: URLSearchParams;
}

/** Something that was said to the person: what went wrong, or what was done. */
export interface Said {
  readonly kind: 'bad' | 'good' | 'info';
  readonly text: string;
}
