import type { Child } from 'hono/jsx';
import { raw } from 'hono/html';
import { staticPath } from '../static-files.js';
import { languages, type Language } from '../texts/language.js';
import type { Said, View } from './view.js';

interface PageProps {
  readonly view: View;
  readonly title: string;
  readonly children?: Child;
}

/** htmx neither evaluates nor styles anything: the content security policy allows neither. */
const htmxConfig = JSON.stringify({
  allowEval: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  responseHandling: [
    { code: '204', swap: false },
    { code: '...', swap: true },
  ],
});

function Document({ view, title, children }: PageProps) {
  const { language, tenantName } = view;
  return (
    <>
      {raw('<!doctype html>')}
      <html lang={language}>
        <head>
          <meta charset="utf-8" />
          <title>{tenantName === undefined ? title : `${title} · ${tenantName}`}</title>
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="robots" content="noindex" />
          <meta name="htmx-config" content={htmxConfig} />
          <link rel="icon" href={staticPath('icon.svg')} type="image/svg+xml" />
          <link rel="stylesheet" href={staticPath('pages.css')} />
          <script src={staticPath('htmx.js')} defer />
          <script src={staticPath('passkey.js')} type="module" />
        </head>
        <body>{children}</body>
      </html>
    </>
  );
}

function Brand({ name, href }: { readonly name: string; readonly href?: string | undefined }) {
  const letter = Array.from(name)[0]?.toUpperCase() ?? 'L';
  const inside = (
    <>
      <span class="monogram" aria-hidden="true">
        {letter}
      </span>
      <span>{name}</span>
    </>
  );
  if (href === undefined) return <div class="brand">{inside}</div>;
  return (
    <a class="brand" href={href}>
      {inside}
    </a>
  );
}

/** Languages as links to the same page: a choice is kept in a cookie. */
function Foot({ view }: { readonly view: View }) {
  const { t, path, query, language } = view;
  const linkTo = (other: Language): string => {
    const next = new URLSearchParams(query);
    next.set('lang', other);
    return `${path}?${next.toString()}`;
  };
  return (
    <footer>
      <nav class="foot" aria-label={t('languages')}>
        {(Object.keys(languages) as Language[]).map((other) => (
          <a
            href={linkTo(other)}
            lang={other}
            hreflang={other}
            aria-current={other === language ? 'true' : undefined}
          >
            {languages[other].name}
          </a>
        ))}
      </nav>
    </footer>
  );
}

/** One card in the middle: everything that is one question. */
export function NarrowPage({ view, title, children }: PageProps) {
  return (
    <Document view={view} title={title}>
      <span />
      <main class="narrow">
        <Brand name={view.tenantName ?? 'Ledgate'} />
        <div class="card">{children}</div>
      </main>
      {view.path === '' ? <span /> : <Foot view={view} />}
    </Document>
  );
}

/** Several cards below each other, with a head. `aside` stands at its end. */
export function WidePage(props: PageProps & { readonly aside: Child; readonly home: string }) {
  const { view, title, aside, home, children } = props;
  return (
    <Document view={view} title={title}>
      <header class="top">
        <a class="skip" href="#content">
          {view.t('skip')}
        </a>
        <Brand name={view.tenantName ?? 'Ledgate'} href={home} />
        {aside}
      </header>
      <main class="wide" id="content">
        {children}
      </main>
      <Foot view={view} />
    </Document>
  );
}

/** Heads a card. */
export function Heading({ title, lead }: { readonly title: string; readonly lead?: Child }) {
  return (
    <header>
      <h1>{title}</h1>
      {lead === undefined ? null : <p class="lead">{lead}</p>}
    </header>
  );
}

/** Read out at once, and focused: what it says comes before all else on the page. */
export function Message({ said }: { readonly said: Said | undefined }) {
  if (said === undefined) return null;
  return (
    <p
      class={`message ${said.kind}`}
      role={said.kind === 'bad' ? 'alert' : 'status'}
      tabindex={-1}
      data-say
    >
      {said.text}
    </p>
  );
}
