import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
} from '@simplewebauthn/server';
import type {
  ClaimedAssertion,
  NewPasskey,
  PasskeyKey,
  Passkeys,
  PasskeyUser,
} from '#services/identity/ports/passkeys.js';

export interface RelyingParty {
  /** A domain without scheme and port (`login.example.com`). */
  readonly id: string;
  readonly name: string;
  /** `https://login.example.com`, one for each page that may ask. */
  readonly origins: readonly string[];
}

/** How long the browser shows its dialogue, ms. */
const DIALOGUE_MS = 120_000;
/** Longest answer that is even looked at, in UTF-16 units. */
const LONGEST_JSON = 16_384;

/** WebAuthn by @simplewebauthn/server. */
export class WebauthnPasskeys implements Passkeys {
  readonly #party: RelyingParty;

  constructor(party: RelyingParty) {
    this.#party = party;
  }

  async creationOptions(
    user: PasskeyUser,
    challenge: Uint8Array,
    exclude: readonly Pick<PasskeyKey, 'webauthnId' | 'transports'>[],
  ): Promise<string> {
    const options = await generateRegistrationOptions({
      rpID: this.#party.id,
      rpName: this.#party.name,
      userID: Uint8Array.from(user.handle),
      userName: user.name,
      userDisplayName: user.displayName,
      challenge: Uint8Array.from(challenge),
      timeout: DIALOGUE_MS,
      attestationType: 'none',
      excludeCredentials: descriptors(exclude),
      authenticatorSelection: { residentKey: 'required', userVerification: 'preferred' },
    });
    return JSON.stringify(options);
  }

  async verifyCreation(
    responseJson: string,
    challenge: Uint8Array,
  ): Promise<NewPasskey | undefined> {
    const response = parsed<RegistrationResponseJSON>(responseJson);
    if (response === undefined) return undefined;
    const result = await verifyRegistrationResponse({
      response,
      ...this.#expected(challenge),
      requireUserVerification: false,
    }).catch(() => undefined);
    if (result?.verified !== true) return undefined;
    const { credential, aaguid, userVerified, credentialDeviceType, credentialBackedUp } =
      result.registrationInfo;
    return {
      webauthnId: credential.id,
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      transports: knownTransports(credential.transports),
      aaguid,
      signCount: credential.counter,
      userVerified,
      backupEligible: credentialDeviceType === 'multiDevice',
      backedUp: credentialBackedUp,
    };
  }

  async requestOptions(
    challenge: Uint8Array,
    allow: readonly Pick<PasskeyKey, 'webauthnId' | 'transports'>[],
    userVerification: 'required' | 'preferred',
  ): Promise<string> {
    const options = await generateAuthenticationOptions({
      rpID: this.#party.id,
      challenge: Uint8Array.from(challenge),
      timeout: DIALOGUE_MS,
      allowCredentials: descriptors(allow),
      userVerification,
    });
    return JSON.stringify(options);
  }

  claimed(responseJson: string): ClaimedAssertion | undefined {
    const response = parsed<Partial<AuthenticationResponseJSON>>(responseJson);
    if (response === undefined || typeof response.id !== 'string') return undefined;
    const userHandle: unknown = response.response?.userHandle;
    return {
      webauthnId: response.id,
      userHandle: typeof userHandle === 'string' ? userHandle : undefined,
    };
  }

  async verifyAssertion(
    responseJson: string,
    challenge: Uint8Array,
    key: PasskeyKey,
  ): Promise<{ readonly signCount: number; readonly userVerified: boolean } | undefined> {
    const response = parsed<AuthenticationResponseJSON>(responseJson);
    if (response?.id !== key.webauthnId) return undefined;
    const result = await verifyAuthenticationResponse({
      response,
      ...this.#expected(challenge),
      // The library would refuse a count that went back; that one is an alarm, not a typing error.
      credential: {
        id: key.webauthnId,
        publicKey: Uint8Array.from(Buffer.from(key.publicKey, 'base64url')),
        counter: 0,
      },
      requireUserVerification: false,
    }).catch(() => undefined);
    if (result?.verified !== true) return undefined;
    const { newCounter, userVerified } = result.authenticationInfo;
    return { signCount: newCounter, userVerified };
  }

  #expected(challenge: Uint8Array): {
    readonly expectedChallenge: string;
    readonly expectedOrigin: string[];
    readonly expectedRPID: string;
  } {
    return {
      expectedChallenge: Buffer.from(challenge).toString('base64url'),
      expectedOrigin: [...this.#party.origins],
      expectedRPID: this.#party.id,
    };
  }
}

function descriptors(
  keys: readonly Pick<PasskeyKey, 'webauthnId' | 'transports'>[],
): { id: string; transports: string[] }[] {
  return keys.map(({ webauthnId: id, transports }) => ({ id, transports: [...transports] }));
}

const transportNames = ['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'];

/** Only hints, and they come from the browser: what the standard does not name is dropped. */
function knownTransports(given: readonly string[] | undefined): readonly string[] {
  return transportNames.filter((name) => given?.includes(name) === true);
}

/** An object of JSON, or nothing. The library checks what is in it. */
function parsed<T extends object>(json: string): T | undefined {
  if (json.length > LONGEST_JSON) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as T) : undefined;
  } catch {
    return undefined;
  }
}
