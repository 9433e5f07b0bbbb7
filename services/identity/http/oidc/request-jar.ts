import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { cookieText, parseCookies } from '../cookies.js';

/** The cookies of the request that is being answered, for models that are given only an id. */
export class RequestJar {
  readonly #current = new AsyncLocalStorage<JarContent>();
  readonly #secure: boolean;

  constructor(secure: boolean) {
    this.#secure = secure;
  }

  /** `source`: address of whoever asks. */
  run<T>(request: IncomingMessage, response: ServerResponse, source: string, work: () => T): T {
    const cookies = new Map(parseCookies(request.headers.cookie));
    return this.#current.run({ response, source, cookies, noted: new Map() }, work);
  }

  get(name: string): string | undefined {
    return this.#content().cookies.get(name);
  }

  names(): readonly string[] {
    return [...this.#content().cookies.keys()];
  }

  /** Sent with the answer, and read by `get` from now on. */
  set(name: string, value: string, maxAgeS?: number): void {
    const { cookies, response } = this.#content();
    cookies.set(name, value);
    response.appendHeader('set-cookie', cookieText(name, value, { secure: this.#secure, maxAgeS }));
  }

  remove(name: string): void {
    const { cookies, response } = this.#content();
    cookies.delete(name);
    const gone = cookieText(name, '', { secure: this.#secure, maxAgeS: 0 });
    response.appendHeader('set-cookie', gone);
  }

  get source(): string {
    return this.#content().source;
  }

  /** Notes of this request, from one step of the engine to a later one. */
  get noted(): Map<string, unknown> {
    return this.#content().noted;
  }

  #content(): JarContent {
    const content = this.#current.getStore();
    if (content === undefined) throw new Error('no request is being answered');
    return content;
  }
}

interface JarContent {
  readonly response: ServerResponse;
  readonly source: string;
  readonly cookies: Map<string, string>;
  readonly noted: Map<string, unknown>;
}
