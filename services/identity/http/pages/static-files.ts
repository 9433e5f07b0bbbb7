import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Context } from 'hono';

type Name = 'pages.css' | 'passkey.js' | 'icon.svg' | 'htmx.js';

const types: Readonly<Record<Name, string>> = {
  'pages.css': 'text/css; charset=utf-8',
  'passkey.js': 'text/javascript; charset=utf-8',
  'icon.svg': 'image/svg+xml',
  'htmx.js': 'text/javascript; charset=utf-8',
};

interface StaticFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly version: string;
}

const versionLength = 12;
const files = new Map<Name, StaticFile>();

function fileOf(name: Name): StaticFile {
  const known = files.get(name);
  if (known !== undefined) return known;
  const path =
    name === 'htmx.js'
      ? createRequire(import.meta.url).resolve('htmx.org/dist/htmx.min.js')
      : new URL(`static/${name}`, import.meta.url);
  const bytes = Uint8Array.from(readFileSync(path));
  const digest = createHash('sha256').update(bytes).digest('base64url');
  const file = { bytes, version: digest.slice(0, versionLength) };
  files.set(name, file);
  return file;
}

/** Where a page finds a file; another content has another address. */
export function staticPath(name: Name): string {
  return `/static/${fileOf(name).version}/${name}`;
}

/** `/static/:version/:name`, to be kept for ever: the address changes with the content. */
export function serveStatic(c: Context): Response {
  const name = c.req.param('name') ?? '';
  if (!Object.hasOwn(types, name)) return c.notFound() as Response;
  const { bytes, version } = fileOf(name as Name);
  const current = c.req.param('version') === version;
  return c.body(bytes, 200, {
    'content-type': types[name as Name],
    'cache-control': current ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
}
