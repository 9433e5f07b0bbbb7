import type { VaultRef } from '#libs/events/catalogue.js';

/** Every reference into the vault that an event holds, wherever it stands in it. */
export function* vaultRefsOf(event: object): Generator<VaultRef> {
  for (const value of Object.values(event) as unknown[]) {
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) continue;
    if (isVaultRef(value)) yield value;
    else yield* vaultRefsOf(value);
  }
}

function isVaultRef(value: object): value is VaultRef {
  const names = Object.keys(value);
  return names.length === 2 && 'id' in value && 'sha256' in value;
}
