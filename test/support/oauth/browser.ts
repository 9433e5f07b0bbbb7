/** What a page shows, and where it was. */
export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
}

interface Form {
  readonly action: string;
  readonly method: string;
  readonly fields: ReadonlyMap<string, string>;
  readonly buttons: readonly (readonly [name: string, value: string])[];
}

const mostRedirects = 10;

/**
 * A person's browser without scripts: keeps cookies, follows redirects within the site, fills forms.
 * A redirect to somewhere else is where it stops: a client would be there.
 */
export class Browser {
  readonly #cookies = new Map<string, string>();
  readonly #origin: string;

  /** What sends requests; one of several instances behind the same name, for instance. */
  readonly #send: typeof fetch;

  constructor(origin: string, send: typeof fetch = fetch) {
    this.#origin = origin;
    this.#send = send;
  }

  get cookieNames(): readonly string[] {
    return [...this.#cookies.keys()];
  }

  setCookie(name: string, value: string): void {
    this.#cookies.set(name, value);
  }

  cookie(name: string): string | undefined {
    return this.#cookies.get(name);
  }

  clone(): Browser {
    const other = new Browser(this.#origin, this.#send);
    for (const [name, value] of this.#cookies) other.setCookie(name, value);
    return other;
  }

  /** A page of the site, or the address of a client that it was sent to. */
  async open(url: URL | string, form?: URLSearchParams): Promise<Page | URL> {
    let at = new URL(url, this.#origin);
    let body = form;
    for (let hops = 0; hops < mostRedirects; hops += 1) {
      const answer = await this.#fetch(at, body);
      const location = answer.headers.get('location');
      if (location === null) return { url: at, status: answer.status, html: await answer.text() };
      await answer.body?.cancel();
      at = new URL(location, at);
      body = undefined;
      if (at.origin !== this.#origin) return at;
    }
    throw new Error('redirected for ever');
  }

  /** Fills in the first form that has all these fields, and sends it. */
  submit(page: Page | URL, values: Readonly<Record<string, string>>): Promise<Page | URL> {
    if (page instanceof URL) throw new Error(`there is no form at ${page.href}`);
    const names = Object.keys(values);
    const fits = (form: Form): boolean => names.every((name) => hasField(form, name));
    const form = formsOf(page.html).find(fits);
    if (form === undefined) throw new Error(`no form with ${names.join()} in ${page.html}`);
    const filled = new URLSearchParams([...form.fields]);
    for (const name of names) filled.set(name, values[name] ?? '');
    return this.open(new URL(form.action, page.url), filled);
  }

  async #fetch(url: URL, form: URLSearchParams | undefined): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.#send(url, {
      method: form === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie, ...(form === undefined ? {} : { origin: this.#origin }) },
      ...(form === undefined ? {} : { body: form }),
    });
    for (const text of answer.headers.getSetCookie()) this.#keep(text);
    return answer;
  }

  #keep(text: string): void {
    const [pair = '', ...attributes] = text.split(';');
    const equals = pair.indexOf('=');
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    const gone = attributes.some((one) => /^\s*(max-age=0|expires=thu, 01 jan 1970)/iu.test(one));
    if (gone || value === '') this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}

function hasField({ fields, buttons }: Form, name: string): boolean {
  return fields.has(name) || buttons.some(([button]) => button === name);
}

function formsOf(html: string): readonly Form[] {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gsu)].map(([, head = '', body = '']) => {
    const inputs = [...body.matchAll(/<input\b([^>]*)>/gsu)].map(([, text = '']) => text);
    const buttons = [...body.matchAll(/<button\b([^>]*)>/gsu)].map(([, text = '']) => text);
    const named = inputs.filter((text) => attribute(text, 'name') !== '');
    return {
      action: attribute(head, 'action'),
      method: attribute(head, 'method'),
      fields: new Map(named.map((text) => [attribute(text, 'name'), attribute(text, 'value')])),
      buttons: buttons.map((text) => [attribute(text, 'name'), attribute(text, 'value')] as const),
    };
  });
}

function attribute(text: string, name: string): string {
  const found = new RegExp(`\\b${name}="([^"]*)"`, 'u').exec(text)?.[1] ?? '';
  return found.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'");
}
