// Writes the ledger of the benches into a folder: a tenant with principals, callers, keys and tokens.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import { systemRandom } from '#libs/runtime/ids.js';
import { generateApiKey } from '#libs/tokens/api-key.js';
import { signAccessToken } from '#libs/tokens/sign-access-token.js';
import { generateSigningKey } from '#libs/tokens/signing-key.js';
import { LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import { audience, issuer } from '../../support/authorizer/running-authorizer.js';
import {
  apiKeyCreated,
  granted,
  permissionDefined,
  registered,
  roleCreated,
} from '../../support/authorizer/seed-events.js';
import { accessWorldEvents, allowed, benchRules, benchTenant } from '../access-world.js';
import type { SeededLedger } from './greeting.js';

const [folder = '', principalsText, tokensText] = process.argv.slice(2);
const principals = Number(principalsText);
const apiKeys = 1_000;
/**
 * The verdict window of a reader holds the last 65,536 records, so those are as commands write them:
 * an event each. What is older comes in large records, because that is quicker to write.
 */
const singleEvents = 70_000;
const eventsPerRecord = 50;

const log = openEmbeddedLog({ path: join(folder, 'ledger'), name: 'auth.ledger.v1' });
const seed = await LedgerSeed.begin(log);
const origin = { tenant: benchTenant };
const events = [...accessWorldEvents(principals)];
const packed = Math.max(0, events.length - singleEvents);
for (let at = 0; at < packed; at += eventsPerRecord) {
  seed.put(events.slice(at, Math.min(packed, at + eventsPerRecord)), origin);
  if (seed.pendingBytes > 4 << 20) await seed.flush();
}
for (const event of events.slice(packed)) {
  seed.put([event], origin);
  if (seed.pendingBytes > 4 << 20) await seed.flush();
}

const asks = ['ledgate.authorizer:ask', 'ledgate.authorizer:ask-any'];
const caller = generateApiKey(systemRandom);
seed.put(
  [
    ...asks.map((permission) => permissionDefined(permission)),
    roleCreated('asker', asks),
    registered('gateway', 'SERVICE'),
    granted('gateway', 'asker'),
    apiKeyCreated('gateway', caller),
  ],
  origin,
);
seed.put([benchRules()], origin);
const keys = Array.from({ length: apiKeys }, (_, number) => {
  const key = generateApiKey(systemRandom);
  const { principal } = allowed(number, 0);
  seed.put([apiKeyCreated(principal, key, { credential: `bench-${number}` })], origin);
  return key.text;
});
const signing = await generateSigningKey('EdDSA');
const { kid, publicJwk } = signing;
const privateKey = { id: 'blob', sha256: 'none' };
seed.put(
  [
    {
      type: 'SigningKeyPublished',
      kid,
      issuer,
      algorithm: 'EdDSA',
      publicJwk,
      privateKey,
      activateNotBeforeMs: 0,
    },
    { type: 'SigningKeyActivated', kid, issuer },
  ],
  { tenant: 'system' },
);
await seed.flush();

const nowS = Math.floor(Date.now() / 1000);
const tokens: string[] = [];
for (let number = 0; number < Number(tokensText); number++) {
  const token = signAccessToken(signing, {
    issuer,
    subject: allowed(number % principals, 0).principal,
    tenant: benchTenant,
    audience,
    issuedAtS: nowS,
    expiresAtS: nowS + 86_400,
    tokenId: `bench-${number}`,
    scopes: undefined,
    amr: ['pwd'],
    authTimeS: nowS,
    ledger: {
      epoch: 1,
      position: seed.position,
      authPosition: seed.position,
      credential: 'password',
    },
  });
  tokens.push(await token);
}

const seeded: SeededLedger = { apiKey: caller.text, keys, tokens, publicJwk };
writeFileSync(join(folder, 'seeded.json'), JSON.stringify(seeded));
await log.close();
process.send?.({ position: seed.position });
process.disconnect?.();
