import { createHash, randomBytes } from 'node:crypto';
import { Agent, request, type IncomingMessage } from 'node:http';
import type { OauthGreeting } from '../servers/oauth-greeting.js';

interface Answer {
  readonly status: number;
  readonly location: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** One OAuth client that calls a server again and again, over connections that stay open. */
export class OauthCaller {
  readonly #at: OauthGreeting;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #basic: string;
  /** The sessions's cookie may be replaced by the server. */
  readonly #cookie: string;

  constructor(at: OauthGreeting) {
    this.#at = at;
    this.#cookie = at.cookie;
    this.#basic = `Basic ${Buffer.from(`${at.clientId}:${at.secret}`).toString('base64')}`;
  }

  close(): void {
    this.#agent.destroy();
  }

  async clientCredentials(): Promise<string> {
    const form = { grant_type: 'client_credentials', scope: 'orders:read' };
    return tokenIn(await this.#post(this.#at.paths.token, form), 'access_token');
  }

  /** The whole flow; gives the refresh token. */
  async codeFlow(): Promise<string> {
    const verifier = randomBytes(32).toString('base64url');
    const { clientId, redirectUri, paths } = this.#at;
    const query = new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid orders:read',
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      nonce: 'nonce',
    });
    const path = `${paths.authorize}?${query.toString()}`;
    const { status, location } = await this.#send('GET', path, { cookie: this.#cookie });
    const code = URL.canParse(location) ? new URL(location).searchParams.get('code') : null;
    if (code === null) throw new Error(`no code: ${status} ${location}`);
    const form = { grant_type: 'authorization_code', code, redirect_uri: redirectUri };
    const answer = await this.#post(paths.token, { ...form, code_verifier: verifier });
    return tokenIn(answer, 'refresh_token');
  }

  async refresh(refreshToken: string): Promise<string> {
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
    return tokenIn(await this.#post(this.#at.paths.token, form), 'refresh_token');
  }

  async introspect(token: string): Promise<void> {
    const { body } = await this.#post(this.#at.paths.introspect, { token });
    if (body['active'] !== true) throw new Error(`not active: ${JSON.stringify(body)}`);
  }

  #post(path: string, form: Record<string, string>): Promise<Answer> {
    const headers = {
      authorization: this.#basic,
      'content-type': 'application/x-www-form-urlencoded',
    };
    return this.#send('POST', path, headers, new URLSearchParams(form).toString());
  }

  #send(method: string, path: string, headers: Record<string, string>, body = ''): Promise<Answer> {
    const { port } = this.#at;
    const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const options = { host: '127.0.0.1', port, method, path, agent: this.#agent };
    return new Promise((resolve, reject) => {
      const asked = request({ ...options, headers: { ...headers, ...length } }, (answer) => {
        read(answer).then(resolve, reject);
      });
      asked.on('error', reject).end(body);
    });
  }
}

async function read(answer: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const isJson = answer.headers['content-type']?.startsWith('application/json') === true;
  return {
    status: answer.statusCode ?? 0,
    location: answer.headers.location ?? '',
    body: isJson ? (JSON.parse(text) as Record<string, unknown>) : {},
  };
}

function tokenIn({ status, body }: Answer, name: string): string {
  const token = body[name];
  if (typeof token === 'string') return token;
  throw new Error(`no ${name}: ${status} ${JSON.stringify(body)}`);
}
