import type { ServerResponse } from 'node:http';

/**
 * What a page may do. Nothing inline, nothing from elsewhere, in nobody's frame. A form that ends
 * at a client is redirected there, and browsers hold that against `form-action`: such a page names
 * the origins that it may end at.
 */
export function contentSecurityPolicy(formOrigins: readonly string[] = []): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    `form-action ${["'self'", ...formOrigins].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

const always: Readonly<Record<string, string>> = {
  'content-security-policy': contentSecurityPolicy(),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** For answers that programs read. */
export function setPlainHeaders(response: ServerResponse, https: boolean): void {
  response.setHeader('x-content-type-options', 'nosniff');
  if (https) response.setHeader('strict-transport-security', 'max-age=31536000');
}

/** ASVS 3.4: on every answer; a handler may set its own of each. */
export function setSecurityHeaders(response: ServerResponse, https: boolean): void {
  for (const name in always) response.setHeader(name, always[name] ?? '');
  if (https) response.setHeader('strict-transport-security', 'max-age=31536000');
}
