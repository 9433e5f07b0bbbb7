import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { keyHash } from '#libs/events/keys.js';
import { parseLedgerSecrets } from '#libs/ledger/ledger-secrets.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { encodeSigned, RecordKind, sha256 } from '#libs/ledger/record.js';
import { Secret } from '#libs/runtime/secret.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { CommandPayload } from '#proto/ledgate/ledger/v1/payload.js';
import type { Pair } from './running-pair.js';

/** An event as it stands in a record: whatever somebody with the ledger key may write there. */
export interface RawEvent {
  readonly type: string;
  readonly critical: boolean;
  readonly data: Uint8Array;
}

/** Payload of a COMMAND record with these events. */
export function commandWith(tenant: string, events: readonly RawEvent[]): Uint8Array {
  return CommandPayload.encode({
    tenant,
    actorTenant: 'system',
    actorPrincipal: '',
    command: 'FromElsewhere',
    commandId: '',
    requestDigest: '',
    reason: '',
    traceparent: '',
    events: events.map((event) => ({ ...event, data: Buffer.from(event.data) })),
  }).finish();
}

/** A record that counts, though no identity wrote it; resolves when identity has read it. */
export async function appendRecord(
  pair: Pair,
  tenant: string,
  writes: readonly Uint8Array[],
  payload: Uint8Array,
): Promise<void> {
  const { position, chain } = await pair.call(Ledger.getStatus, {}, pair.root);
  const text = readFileSync(join(pair.dataDir, 'keys', 'ledger.key'), 'utf8').trim();
  const keys = new MacKeys(pair.log.name, parseLedgerSecrets(new Secret(text)));
  const signed = encodeSigned(
    {
      kind: RecordKind.COMMAND,
      flags: 0,
      recordId: randomBytes(16),
      writerId: randomBytes(8),
      tenantHash: keyHash(tenant, 'tenant', tenant),
      basedOn: Number(position),
      chain: Buffer.from(chain, 'hex').subarray(0, 16),
      atMs: Date.now(),
      macKeyId: 1,
      reads: [],
      writes,
    },
    payload,
  );
  await pair.log.append([Buffer.concat([signed, keys.mac(1, sha256(signed))])]);
  await whenRead(pair, position);
}

/** Resolves when identity has read beyond `position`. */
export async function whenRead(pair: Pair, position: bigint): Promise<void> {
  while ((await pair.call(Ledger.getStatus, {}, pair.root)).position <= position) {
    await new Promise((resolve) => void setTimeout(resolve, 2));
  }
}
