// `crypto.verify` and nothing else, on the core where the authorizer is measured.
import { verify } from 'node:crypto';
import { importPublicJwk } from '#libs/tokens/keys.js';

interface Job {
  readonly publicJwk: string;
  readonly tokens: readonly string[];
  readonly runMs: number;
}

process.on('message', ({ publicJwk, tokens, runMs }: Job) => {
  const { publicKey } = importPublicJwk(publicJwk);
  const signed = tokens.map((token) => {
    const dot = token.lastIndexOf('.');
    const signature = Buffer.from(token.slice(dot + 1), 'base64url');
    return { input: Buffer.from(token.slice(0, dot)), signature };
  });
  let done = 0;
  const started = performance.now();
  while (performance.now() - started < runMs) {
    for (const { input, signature } of signed) {
      if (!verify(null, input, publicKey, signature)) throw new Error('a signature is wrong');
      done += 1;
    }
  }
  process.send?.({ perSecond: (done * 1000) / (performance.now() - started) });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
