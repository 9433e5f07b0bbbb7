import { Failure } from '#libs/errors/failure.js';
import { openCodec } from '#libs/events/control-codec.js';
import { systemTenant } from '#libs/events/envelope.js';
import { genesisKey, hashOf } from '#libs/events/keys.js';
import { RecordKind } from '#libs/ledger/record.js';
import { apiKeySha256, generateApiKey } from '#libs/tokens/api-key.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import type { Bootstrap } from '#services/identity/app/bootstrap.js';
import { requireMasterKey } from '#services/identity/app/check-keys.js';
import { execute, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { admins } from '#services/identity/domain/admins.js';
import { keyrings } from '#services/identity/domain/signing-key/state.js';
import type { FirstKey } from '#services/identity/ports/first-key.js';

/** The last record that was restored from a backup. */
export interface RestoredFrom {
  readonly position: number;
  readonly chain: Uint8Array;
}

/**
 * Opens a restored ledger: OPEN begins a new epoch, in which everything that was issued before is dead,
 * and one record behind it has a new signing key and an API key of an administrator. Safe to repeat
 * after an attempt that was cut short; `undefined` when all of it was done before. Rejects WRONG_STATE
 * for a ledger that went on after the backup: it is in use.
 */
export async function reopen(
  parts: IdentityParts,
  from: RestoredFrom,
  firstKey: FirstKey,
): Promise<Bootstrap | undefined> {
  await requireMasterKey(parts);
  await open(parts, from);
  return (await renew(parts, firstKey)) ?? keptKey(parts, firstKey);
}

async function open({ ledger }: IdentityParts, from: RestoredFrom): Promise<void> {
  const { reader, writer, fold } = ledger;
  if (reader.position > from.position) {
    const opened = openCodec.decode(await ledger.recorded(from.position + 1));
    const same =
      opened.ok &&
      opened.value.restoredFromPosition === from.position &&
      Buffer.compare(opened.value.restoredFromChain, from.chain) === 0;
    if (same) return;
    throw new Failure('WRONG_STATE', `the ledger went on after position ${from.position}`);
  }
  if (Buffer.compare(reader.window.chain, from.chain) !== 0) {
    throw new Failure('WRONG_STATE', 'the ledger is not the one that was restored');
  }
  const key = hashOf(genesisKey);
  const outcome = await writer.submit({
    kind: RecordKind.OPEN,
    tenantHash: new Uint8Array(16),
    basedOn: from.position,
    reads: [key],
    writes: [key],
    payload: openCodec.encode({
      epoch: (fold.cluster?.epoch ?? 1) + 1,
      restoredFromPosition: from.position,
      restoredFromChain: from.chain,
    }),
  });
  if (outcome.verdict === 'accepted') return;
  throw new Failure('NOT_READY', `the first record did not count (${outcome.why}): try again`);
}

/** `undefined`: there is a signing key of the new epoch already. */
async function renew(parts: IdentityParts, firstKey: FirstKey): Promise<Bootstrap | undefined> {
  const { ledger, signingKeys, ids, random, clock, issuer } = parts;
  const { view } = ledger.fold;
  const documents = documentsOf(ledger.state);
  const active = keyrings.read(documents, '', issuer)?.active ?? '';
  if ((view.signingKeys.get(active)?.publishedAt ?? -1) > view.openedAt) return undefined;
  const principal = administrator(parts);
  const text = firstKey.pending() ?? '';
  const sha256 = apiKeySha256(text);
  const apiKey = sha256 === undefined ? generateApiKey(random) : { text, sha256 };
  firstKey.keep(apiKey.text);
  const { kid, algorithm, publicJwk, privateKey } = await signingKeys.create('EdDSA');
  const retireAfterMs = Math.trunc(clock.wallMs()) + 60_000;
  await execute(parts, systemCall, {
    type: 'ReopenSystem',
    signingKey: {
      type: 'RotateSigningKey',
      kid,
      issuer,
      algorithm,
      publicJwk,
      privateKey,
      retireAfterMs,
    },
    apiKey: {
      type: 'CreateApiKey',
      principal,
      credential: ids.uuid(),
      prefix: apiKey.text.slice(4, 12),
      sha256: apiKey.sha256,
      name: 'restore',
      scopes: [],
    },
  });
  return { clusterId: clusterOf(parts), apiKey: apiKey.text, adminPrincipal: principal };
}

/** That of an attempt that died before it could show it. */
function keptKey(parts: IdentityParts, firstKey: FirstKey): Bootstrap | undefined {
  const apiKey = firstKey.pending();
  const { view } = parts.ledger.fold;
  const known = apiKey === undefined ? undefined : view.apiKeys.get(apiKeySha256(apiKey) ?? '');
  if (apiKey === undefined || known === undefined) return undefined;
  const adminPrincipal = view.principals.idOf(known.principal);
  return { clusterId: clusterOf(parts), apiKey, adminPrincipal };
}

/** Somebody who administers the system tenant and may act; of several the first that registered. */
function administrator({ ledger, clock }: IdentityParts): string {
  const holders = admins.read(documentsOf(ledger.state), systemTenant, systemTenant)?.holders ?? {};
  const nowMs = clock.wallMs();
  const able = Object.entries(holders)
    .filter(([, { suspended, suspendedUntilMs = Infinity }]) => {
      return !suspended || suspendedUntilMs <= nowMs;
    })
    .map(([principal]) => principal)
    .toSorted();
  const [first] = able;
  if (first !== undefined) return first;
  throw new Failure('WRONG_STATE', 'the system tenant has no administrator who may act');
}

function clusterOf({ ledger }: IdentityParts): string {
  return ledger.fold.cluster?.clusterId ?? '';
}

const systemCall = {
  tenant: systemTenant,
  actor: { tenant: systemTenant, principal: '' },
  commandId: '',
  requestDigest: '',
  reason: 'restored from a backup',
  traceparent: '',
  permit: () => ({ permittedBy: [] }),
} as const;
