import { generateURI, verifySync } from 'otplib';
import { toString as draw } from 'qrcode';
import type { Random } from '#libs/runtime/ids.js';
import type { Totp, TotpForm, TotpInvitation } from '#services/identity/ports/totp.js';

const SEED_BYTES = 20;
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Codes of authenticator apps by otplib, drawn by qrcode. */
export class AuthenticatorApp implements Totp {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  newSeed(): Uint8Array {
    return this.#random.bytes(SEED_BYTES);
  }

  invitation(
    seed: Uint8Array,
    form: TotpForm,
    names: { readonly issuer: string; readonly account: string },
  ): TotpInvitation {
    const typed = base32(seed);
    const uri = generateURI({
      issuer: names.issuer,
      label: names.account,
      secret: typed,
      algorithm: hashes[form.algorithm],
      digits: form.digits,
      period: form.periodSeconds,
    });
    return { uri, typed };
  }

  picture({ uri }: TotpInvitation): Promise<string> {
    return draw(uri, { type: 'svg', errorCorrectionLevel: 'M', margin: 2 });
  }

  stepOf(seed: Uint8Array, form: TotpForm, code: string, nowMs: number): number | undefined {
    if (!/^\d+$/u.test(code) || code.length !== form.digits) return undefined;
    const result = verifySync({
      secret: seed,
      token: code,
      algorithm: hashes[form.algorithm],
      digits: form.digits,
      period: form.periodSeconds,
      epoch: Math.floor(nowMs / 1000),
      epochTolerance: form.periodSeconds,
    });
    return result.valid && 'timeStep' in result ? result.timeStep : undefined;
  }
}

const hashes = { SHA1: 'sha1', SHA256: 'sha256', SHA512: 'sha512' } as const;

/** RFC 4648, section 6, without padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32[(held >>> bits) & 31];
    }
  }
  return bits === 0 ? text : text + BASE32[(held << (5 - bits)) & 31];
}
