/** A passkey as it is kept. */
export interface PasskeyKey {
  /** The authenticator's own id of the credential, base64url. */
  readonly webauthnId: string;
  /** COSE key, base64url. */
  readonly publicKey: string;
  readonly transports: readonly string[];
}

export interface NewPasskey extends PasskeyKey {
  readonly aaguid: string;
  readonly signCount: number;
  readonly userVerified: boolean;
  /** May be copied to other devices of its owner. */
  readonly backupEligible: boolean;
  readonly backedUp: boolean;
}

/** The user as an authenticator shows it. `handle`: stable, no personal data in it. */
export interface PasskeyUser {
  readonly handle: Uint8Array;
  readonly name: string;
  readonly displayName: string;
}

/** What an authenticator claims to have signed; nothing in it is trusted before it is verified. */
export interface ClaimedAssertion {
  readonly webauthnId: string;
  /** base64url; only discoverable credentials send it. */
  readonly userHandle: string | undefined;
}

/**
 * WebAuthn Level 3. Challenges come from our own tickets, never from the request (CVE-2026-28787).
 * Requests and options travel as JSON text in the form of `PublicKeyCredential.toJSON()`.
 */
export interface Passkeys {
  /** Options of `navigator.credentials.create` for a discoverable credential. */
  creationOptions(
    user: PasskeyUser,
    challenge: Uint8Array,
    exclude: readonly Pick<PasskeyKey, 'webauthnId' | 'transports'>[],
  ): Promise<string>;
  /** The new passkey; `undefined` when anything about the answer is wrong. */
  verifyCreation(responseJson: string, challenge: Uint8Array): Promise<NewPasskey | undefined>;
  /** Options of `navigator.credentials.get`; without a list any discoverable credential answers. */
  requestOptions(
    challenge: Uint8Array,
    allow: readonly Pick<PasskeyKey, 'webauthnId' | 'transports'>[],
    userVerification: 'required' | 'preferred',
  ): Promise<string>;
  claimed(responseJson: string): ClaimedAssertion | undefined;
  /** `undefined` when anything about the answer is wrong. The count is judged by the caller. */
  verifyAssertion(
    responseJson: string,
    challenge: Uint8Array,
    key: PasskeyKey,
  ): Promise<{ readonly signCount: number; readonly userVerified: boolean } | undefined>;
}
