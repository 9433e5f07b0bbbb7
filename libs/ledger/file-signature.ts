import { auditSignature, isAuditSignature } from './audit-key.js';

/** The ledger that a file is of. */
export interface FileOwner {
  readonly clusterId: string;
  readonly ledger: string;
}

/** Ed25519 signature, 64 bytes, of a file of a ledger; `sha256`: 32 bytes, `seed`: of the audit key. */
export function signFile(owner: FileOwner, sha256: Uint8Array, seed: Uint8Array): Uint8Array {
  return auditSignature(statement(owner, sha256), seed);
}

export function isSignatureOfFile(
  owner: FileOwner,
  sha256: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  return isAuditSignature(statement(owner, sha256), signature, publicKey);
}

/** "LGF1" ‖ cluster id ‖ ledger ‖ sha256; each text in UTF-8 behind its length in 2 bytes. */
function statement({ clusterId, ledger }: FileOwner, sha256: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from('LGF1', 'latin1'), text(clusterId), text(ledger), sha256]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
