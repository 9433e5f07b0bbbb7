import type { IncomingMessage } from 'node:http';

const mark = 'jwt~';
const maxBytes = 56 * 1024;
/** RFC 7662 and RFC 7009: the two places where a client names a token of any kind. */
const routes: ReadonlySet<string> = new Set(['/oauth/introspect', '/oauth/revoke']);

/**
 * The engine refuses to look at tokens that are JWTs. Ours are looked up in the ledgers, whatever
 * their form: the form field `token` gets a mark that keeps the engine from parsing it.
 */
export async function markStructuredToken(request: IncomingMessage): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?', 1);
  if (request.method !== 'POST' || !routes.has(path)) return;
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/x-www-form-urlencoded\b/iu.test(type)) return;
  const body = await readBody(request);
  const text = body.replace(/(^|&)token=(?=ey)/gu, `$1token=${mark}`);
  const bytes = Buffer.from(text, 'utf8');
  request.headers['content-length'] = String(bytes.length);
  delete request.headers['transfer-encoding'];
  // The engine reads a request through these two.
  Object.defineProperty(request, 'readable', { value: true });
  Object.defineProperty(request, 'iterator', {
    value: async function* chunks() {
      yield bytes;
    },
  });
}

/** The token as it was sent. */
export function bareToken(value: string): string {
  return value.startsWith(mark) ? value.slice(mark.length) : value;
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    // The engine will say so too, in words of the protocol.
    if (length > maxBytes) break;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
