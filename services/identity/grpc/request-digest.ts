import { createHmac } from 'node:crypto';

/** Never digested: who learns the key must not be able to guess a password from the ledger. */
const secretFields: ReadonlySet<string> = new Set([
  'password',
  'currentPassword',
  'newPassword',
  'adminPassword',
]);
/** Part of the command, not of what it asks for. */
const ignored: ReadonlySet<string> = new Set(['options']);

/** Keyed digest of a request: equal for the same request, whatever its secrets and options. */
export function requestDigest(key: Uint8Array, method: string, request: object): string {
  const text = JSON.stringify([method, request], (name, value: unknown) => {
    if (secretFields.has(name) || ignored.has(name)) return undefined;
    if (typeof value === 'bigint') return String(value);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHmac('sha256', key).update(text).digest('base64url');
}
