import { createHmac } from 'node:crypto';
import type { VaultRef } from '#libs/events/catalogue.js';
import {
  execute,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { sealing } from '#services/identity/app/sealing.js';

interface Owner {
  readonly tenant: string;
  readonly principal: string;
}

/** As they are sealed: the key is with the hashes, for the codes are too long to be tried out. */
export interface RecoveryCodes {
  readonly key: Uint8Array;
  /** HMAC-SHA-256 of each code without its hyphens, base64url. */
  readonly hashes: readonly string[];
}

/** New codes; those before are dead. They are shown this once. */
export async function generateRecoveryCodes(
  parts: IdentityParts,
  call: CommandCall,
  principal: string,
): Promise<{ readonly codes: readonly string[]; readonly executed: Executed }> {
  const codes = parts.proofs.codes.newRecoveryCodes();
  const key = Buffer.from(parts.random.bytes(32));
  const hashes = codes.map((code) =>
    createHmac('sha256', key).update(code.replaceAll('-', ''), 'utf8').digest('base64url'),
  );
  const executed = await sealing(parts, async (sealed) => {
    const owner = { class: 'SECRET', tenant: call.tenant, principal } as const;
    const ref = await sealed.secrets.sealJson({ key: key.toString('base64url'), hashes }, owner);
    return execute(sealed, call, {
      type: 'GenerateRecoveryCodes',
      principal,
      credential: parts.ids.uuid(),
      count: codes.length,
      codes: ref,
    });
  });
  return { codes: executed.replayed ? [] : codes, executed };
}

/** `undefined`: there are none, or they were erased. */
export async function readRecoveryCodes(
  parts: IdentityParts,
  { tenant, principal }: Owner,
  document: { readonly codes?: VaultRef },
): Promise<RecoveryCodes | undefined> {
  if (document.codes === undefined) return undefined;
  const context = { class: 'SECRET', tenant, principal } as const;
  const value = await parts.secrets.openJson(document.codes, context);
  if (value === undefined) return undefined;
  const { key, hashes } = value as { readonly key: string; readonly hashes: readonly string[] };
  return { key: Buffer.from(key, 'base64url'), hashes };
}
