import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** How one ceremony departs from what an honest authenticator and browser would do. */
export interface Ceremony {
  readonly origin?: string;
  readonly rpId?: string;
  readonly userVerified?: boolean;
  /** Instead of the challenge of the options, base64url. */
  readonly challenge?: string;
  /** Instead of the next count. */
  readonly signCount?: number;
}

interface HeldKey {
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly userHandle: string;
  readonly rpId: string;
}

/** An authenticator and its browser in one: ES256, discoverable credentials, attestation "none". */
export class SoftAuthenticator {
  readonly origin: string;
  readonly keys: HeldKey[] = [];
  #count = 0;
  readonly #counts: boolean;

  constructor(origin: string, options: { readonly counts?: boolean } = {}) {
    this.origin = origin;
    this.#counts = options.counts ?? true;
  }

  /** Answers `navigator.credentials.create` with these options, both as JSON. */
  create(optionsJson: string, ceremony: Ceremony = {}): string {
    const options = JSON.parse(optionsJson) as {
      rp: { id: string };
      user: { id: string };
      challenge: string;
    };
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicKey.export({ format: 'jwk' });
    const rawId = randomBytes(32);
    const id = rawId.toString('base64url');
    this.keys.push({ id, privateKey, userHandle: options.user.id, rpId: options.rp.id });
    const cose = Buffer.concat([
      Buffer.from('a5010203262001215820', 'hex'),
      Buffer.from(jwk.x ?? '', 'base64url'),
      Buffer.from('225820', 'hex'),
      Buffer.from(jwk.y ?? '', 'base64url'),
    ]);
    const attested = Buffer.concat([Buffer.alloc(16), Buffer.from([0, 32]), rawId, cose]);
    const data = this.#authenticatorData(options.rp.id, ceremony, 0x40, attested);
    const attestation = Buffer.concat([
      Buffer.from('a363666d74646e6f6e656761747453746d74a0686175746844617461', 'hex'),
      Buffer.from([0x58, data.length]),
      data,
    ]);
    return JSON.stringify({
      id,
      rawId: id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: this.#clientData('webauthn.create', options.challenge, ceremony),
        attestationObject: attestation.toString('base64url'),
        transports: ['internal'],
      },
    });
  }

  /** Answers `navigator.credentials.get` with the newest key that the options allow. */
  get(optionsJson: string, ceremony: Ceremony = {}): string {
    const options = JSON.parse(optionsJson) as {
      rpId: string;
      challenge: string;
      allowCredentials?: { id: string }[];
    };
    const allowed = options.allowCredentials ?? [];
    const key = this.keys.findLast(
      ({ id }) => allowed.length === 0 || allowed.some((one) => one.id === id),
    );
    if (key === undefined) throw new Error('this authenticator holds no key that is allowed');
    const data = this.#authenticatorData(options.rpId, ceremony, 0, Buffer.alloc(0));
    const clientData = this.#clientData('webauthn.get', options.challenge, ceremony);
    const hash = createHash('sha256').update(Buffer.from(clientData, 'base64url')).digest();
    const signature = sign('sha256', Buffer.concat([data, hash]), key.privateKey);
    return JSON.stringify({
      id: key.id,
      rawId: key.id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: clientData,
        authenticatorData: data.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: key.userHandle,
      },
    });
  }

  #authenticatorData(rpId: string, ceremony: Ceremony, flags: number, rest: Buffer): Buffer {
    if (this.#counts) this.#count += 1;
    const count = Buffer.alloc(4);
    count.writeUInt32BE(ceremony.signCount ?? this.#count);
    const verified = ceremony.userVerified === false ? 0 : 0x04;
    return Buffer.concat([
      createHash('sha256')
        .update(ceremony.rpId ?? rpId)
        .digest(),
      Buffer.from([0x01 | verified | flags]),
      count,
      rest,
    ]);
  }

  #clientData(type: string, challenge: string, ceremony: Ceremony): string {
    const data = {
      type,
      challenge: ceremony.challenge ?? challenge,
      origin: ceremony.origin ?? this.origin,
      crossOrigin: false,
    };
    return Buffer.from(JSON.stringify(data), 'utf8').toString('base64url');
  }
}
