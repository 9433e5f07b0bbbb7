import { Failure } from '#libs/errors/failure.js';
import type { Secret } from '#libs/runtime/secret.js';

/**
 * Reads the secrets that prove who may write to the ledgers: `<mac key id>:<32 bytes in hex or
 * base64>`, comma separated; a bare secret has id 1. The highest id writes, all of them read.
 *
 * @throws Failure MISCONFIGURED, whose message never repeats any of the text.
 */
export function parseLedgerSecrets(text: Secret): ReadonlyMap<number, Uint8Array> {
  const secrets = new Map<number, Uint8Array>();
  for (const part of text.reveal().split(',')) {
    const match = /^\s*(?:(\d{1,5}):)?([A-Za-z0-9+/_-]+=?)\s*$/.exec(part);
    const id = Number(match?.[1] ?? 1);
    const encoded = match?.[2] ?? '';
    const bytes = Buffer.from(encoded, /^[0-9a-fA-F]{64}$/.test(encoded) ? 'hex' : 'base64');
    if (match === null || bytes.length !== 32 || id < 1 || id > 65_535) {
      throw refused('expected <id>:<32 bytes in hex or base64>, …');
    }
    if (bytes.every((byte) => byte === bytes[0])) {
      throw refused('a ledger key must be random, e.g. from openssl rand -hex 32');
    }
    if (secrets.has(id)) throw refused(`ledger key ${id} is there twice`);
    secrets.set(id, bytes);
  }
  return secrets;
}

function refused(why: string): Failure {
  return new Failure('MISCONFIGURED', `ledger keys refused: ${why}`);
}
