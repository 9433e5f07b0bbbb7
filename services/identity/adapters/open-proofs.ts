import type { Clock } from '#libs/runtime/clock.js';
import { systemRandom, type Ids } from '#libs/runtime/ids.js';
import type { MasterKeys } from '#libs/runtime/master-keys.js';
import { AuthenticatorApp } from '#services/identity/adapters/authenticator-app.js';
import { GuessLimits } from '#services/identity/adapters/guess-limits.js';
import { KeyedCodes } from '#services/identity/adapters/keyed-codes.js';
import { SealedTickets } from '#services/identity/adapters/sealed-tickets.js';
import { OpenIdClient } from '#services/identity/adapters/upstream/openid-client.js';
import { WebauthnPasskeys } from '#services/identity/adapters/webauthn-passkeys.js';
import type { Proofs } from '#services/identity/app/login/proofs.js';
import type { IdentityConfig } from '#services/identity/config.js';

/** Links that anybody can have mailed: so many at once, and so many a second. */
const mailsPerSource = { sourceBurst: 20, sourcePerSecond: 0.1 };
const mailsPerAccount = { accountBurst: 3, accountPerSecond: 1 / 600 };

/** Device codes of one public client, and of one source: so many at once, and so many a second. */
const devicesPerClient = { accountBurst: 300, accountPerSecond: 1 };
const devicesPerSource = { sourceBurst: 20, sourcePerSecond: 0.1 };

/** What people prove themselves with; where passkeys work is by default the host of the issuer. */
export function openProofs(
  config: Pick<IdentityConfig, 'issuer' | 'passkeys' | 'publicUrl' | 'upstreamPrivate'>,
  { clock, ids, masterKeys }: { clock: Clock; ids: Ids; masterKeys: MasterKeys },
): Proofs {
  const publicUrl = new URL(config.publicUrl ?? config.issuer);
  const { relyingParty = publicUrl.hostname, origins = [] } = config.passkeys ?? {};
  return {
    totp: new AuthenticatorApp(systemRandom),
    passkeys: new WebauthnPasskeys({
      id: relyingParty,
      name: relyingParty,
      origins: origins.length === 0 ? [publicUrl.origin] : origins,
    }),
    tickets: new SealedTickets(masterKeys, ids, systemRandom),
    upstream: new OpenIdClient(clock, config.upstreamPrivate ?? false),
    codes: new KeyedCodes(masterKeys, systemRandom),
    mailLimits: new GuessLimits({ clock, ...mailsPerSource, ...mailsPerAccount }),
    deviceLimits: new GuessLimits({ clock, ...devicesPerSource, ...devicesPerClient }),
    publicUrl: publicUrl.href.replace(/\/$/u, ''),
  };
}
