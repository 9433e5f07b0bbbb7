import type { IncomingMessage, ServerResponse } from 'node:http';
import { Provider } from 'oidc-provider';
import { cookieText, parseCookies } from '../cookies.js';

/** The cookies of the request that is being answered, for models that are given only an id. */
export class RequestJar {
  /** The engine knows which request it answers; so there is one such memory, not two. */
  readonly #contents = new WeakMap<IncomingMessage, JarContent>();
  readonly #secure: boolean;

  constructor(secure: boolean) {
    this.#secure = secure;
  }

  /** `work`: the engine answers the request. `source`: address of whoever asks. */
  run<T>(request: IncomingMessage, response: ServerResponse, source: string, work: () => T): T {
    this.#contents.set(request, new JarContent(request, response, source));
    return work();
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
    const { ctx } = Provider;
    const content = ctx && this.#contents.get(ctx.req);
    if (content === undefined) throw new Error('no request is being answered');
    return content;
  }
}

class JarContent {
  readonly response: ServerResponse;
  readonly source: string;
  readonly noted = new Map<string, unknown>();
  readonly cookies: Map<string, string>;

  constructor({ headers }: IncomingMessage, response: ServerResponse, source: string) {
    this.response = response;
    this.source = source;
    this.cookies = parseCookies(headers.cookie);
  }
}
