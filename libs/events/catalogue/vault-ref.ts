/** A sealed blob in the vault, and the SHA-256 of its bytes (base64url). */
export interface VaultRef {
  readonly id: string;
  readonly sha256: string;
}
