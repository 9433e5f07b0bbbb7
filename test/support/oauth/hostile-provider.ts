import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { freePort } from '../net/free-ports.js';

/** An OpenID provider that says whatever a test wants, over keys that are its own. */
export interface HostileProvider {
  readonly issuer: string;
  /** What ID tokens say, beside and instead of what is right. */
  says: Record<string, unknown>;
  /** Of the request that it answers. */
  nonce: string;
  /** Signs with a key that it does not serve. */
  forges: boolean;
  /** Codes that were redeemed. */
  readonly redeemed: string[];
  /** What its token endpoint answers with instead. */
  token: { readonly status?: number; readonly text?: string };
  /** Authorization headers that it was shown, and ID tokens that it gave. */
  readonly shown: string[];
  readonly issued: string[];
  /** What discovery says, beside and instead of what is right. */
  discovery: Record<string, unknown>;
  close(): Promise<void>;
}

export async function startHostileProvider(): Promise<HostileProvider> {
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const own = generateKeyPairSync('ed25519');
  const other = generateKeyPairSync('ed25519');
  const state = { says: {}, discovery: {}, nonce: '', forges: false, token: {} };
  const [shown, issued]: [string[], string[]] = [[], []];
  const redeemed: string[] = [];
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const idToken = (): string => {
    const now = Math.floor(Date.now() / 1000);
    const right = { iss: issuer, aud: 'us', sub: 's1', iat: now, exp: now + 60 };
    const claims = { ...right, nonce: state.nonce, ...state.says };
    const text = `${part({ alg: 'EdDSA', kid: 'one' })}.${part(claims)}`;
    const key = (state.forges ? other : own).privateKey;
    return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
  };
  /** Asks nobody: the browser goes back at once. */
  const approve = (given: URLSearchParams): string => {
    state.nonce = given.get('nonce') ?? '';
    const query = { code: 'c', state: given.get('state') ?? '', iss: issuer };
    return `${given.get('redirect_uri')}?${new URLSearchParams(query).toString()}`;
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const asked = new URL(request.url ?? '', issuer);
      if (asked.pathname === '/authorize') {
        response.writeHead(302, { location: approve(asked.searchParams) });
        response.end();
        return;
      }
      const form = new URLSearchParams(Buffer.concat(chunks).toString());
      const { authorization } = request.headers;
      if (authorization !== undefined) shown.push(authorization);
      response.setHeader('content-type', 'application/json');
      const said = JSON.stringify(answer(request.url ?? '', form));
      const { status, text }: HostileProvider['token'] =
        request.method === 'POST' ? state.token : {};
      response.statusCode = status ?? 200;
      response.end(text ?? said);
    });
  });
  const answer = (path: string, form: URLSearchParams): object => {
    switch (path) {
      case '/.well-known/openid-configuration':
        return {
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          jwks_uri: `${issuer}/jwks`,
          authorization_response_iss_parameter_supported: true,
          ...state.discovery,
        };
      case '/jwks':
        return { keys: [{ ...own.publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'EdDSA' }] };
      default:
        redeemed.push(form.get('code') ?? '');
        issued.push(idToken());
        return { id_token: issued.at(-1), access_token: 'x', token_type: 'Bearer' };
    }
  };
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return Object.assign(state, { issuer, redeemed, shown, issued, close });
}
