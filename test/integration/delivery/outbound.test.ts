import { createServer, type RequestListener, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { outboundJson } from '#services/identity/adapters/outbound/outbound-json.js';
import { outboundRequest } from '#services/identity/adapters/outbound/outbound-request.js';
import { postFormTo } from '#services/identity/adapters/outbound/post-form.js';
import { freePort } from '../../support/net/free-ports.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

interface Listening {
  readonly url: string;
  readonly port: number;
  readonly asked: string[];
}

/** A server on this machine, which says what it was asked. */
async function listen(answer: RequestListener): Promise<Listening> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    answer(request, response);
  });
  servers.push(server);
  const port = await freePort();
  await new Promise<void>((resolve) => void server.listen(port, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${port}/`, port, asked };
}

const ask = (url: string, change: { allowPrivate?: boolean; timeoutMs?: number } = {}) =>
  outboundRequest({ url, allowPrivate: true, ...change });

describe('an address that somebody else has named (CWE-918)', () => {
  it('is not reached inside this network, by number or by name', async () => {
    const { port, asked } = await listen((_, response) => response.end('{}'));
    const inside = [
      '127.0.0.1',
      'localhost',
      '2130706433',
      '0x7f.1',
      '[::ffff:127.0.0.1]',
      '[::1]',
    ];
    for (const host of inside) {
      const reached = ask(`https://${host}:${port}/`, { allowPrivate: false });
      const said = await reached.catch(String);
      expect([host, said]).toEqual([host, 'OutboundRefused: address is private']);
    }
    expect(asked).toEqual([]);
  });

  it('needs TLS: without it only what is inside is reached, where that is allowed', async () => {
    const { url, asked } = await listen((_, response) => response.end('{}'));
    await expect(ask(url, { allowPrivate: false })).rejects.toThrow('must be https');
    await expect(ask('http://93.184.215.14/')).rejects.toThrow('must be https');
    await expect(ask('ftp://127.0.0.1/')).rejects.toThrow('must be https');
    expect(asked).toEqual([]);
    expect((await ask(url)).status).toBe(200);
  });

  it('leads nowhere else: a redirect is an answer', async () => {
    const target = await listen((_, response) => response.end('{}'));
    const { url } = await listen((_, response) => {
      response.writeHead(302, { location: target.url });
      response.end();
    });
    expect((await ask(url)).status).toBe(302);
    expect(target.asked).toEqual([]);
  });

  it('is read up to a size', async () => {
    let sent = 0;
    const { url } = await listen((_, response) => {
      const more = (): void => {
        if (response.destroyed) return;
        sent += 65_536;
        response.write(Buffer.alloc(65_536, 0x20), () => setImmediate(more));
      };
      more();
    });
    await expect(ask(url)).rejects.toThrow('too long');
    expect(sent).toBeLessThan(50_000_000);
    await expect(outboundJson({ url, allowPrivate: true })).rejects.toThrow('too long');
  });

  it.each([
    ['does not begin', 0],
    ['does not end', 1],
  ])('is waited for so long only: an answer that %s', async (_, chunks) => {
    const { url } = await listen((_request, response) => {
      if (chunks > 0) response.write('{');
    });
    const begun = performance.now();
    await expect(ask(url, { timeoutMs: 200 })).rejects.toThrow();
    expect(performance.now() - begun).toBeLessThan(4_000);
  });

  it('must answer with a JSON object', async () => {
    for (const body of ['', '[]', 'null', '<html>', '"x"']) {
      const { url } = await listen((_, response) => response.end(body));
      const answer = outboundJson({ url, allowPrivate: true });
      await expect(answer).rejects.toMatchObject({ reason: 'NOT_READY' });
    }
  });
});

describe('a form for a client: the end of a session (CWE-918)', () => {
  it('is not posted into this network, but where an issuer is for trying out', async () => {
    const { url, asked } = await listen((_, response) => response.end());
    const { signal } = new AbortController();
    const form = new URLSearchParams({ logout_token: 'x' });
    const within = url.replace('http:', 'https:');
    await expect(postFormTo(false)(within, form, signal)).rejects.toThrow('address is private');
    expect(asked).toEqual([]);
    expect(await postFormTo(true)(url, form, signal)).toBe(200);
  });

  it('is given up with its signal', async () => {
    const { url } = await listen(() => undefined);
    const gone = AbortSignal.abort();
    await expect(postFormTo(true)(url, new URLSearchParams(), gone)).rejects.toThrow('abort');
  });
});
