import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { decodeCommandPayload, encodeCommandPayload } from '#libs/events/codec.js';
import { hashOf, keysOf } from '#libs/events/keys.js';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { Judge } from '#libs/ledger/judge.js';
import { parseLedgerSecrets } from '#libs/ledger/ledger-secrets.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { decodeRecord, encodeSigned, RecordKind, sha256 } from '#libs/ledger/record.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { Secret } from '#libs/runtime/secret.js';
import { LedgerServiceService as Ledger } from '#proto/ledgate/identity/v1/ledger.js';
import { LedgerServiceService as Operator } from '#proto/ledgate/operator/v1/ledger.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
} from '../../support/identity/running-identity.js';

const name = 'auth.ledger.v1';

/**
 * What an older build would have founded: the same records without FEATURE_LEVEL and without the
 * permissions of `ledgate.operator`.
 */
async function asFoundedBefore(from: EventLog, to: EventLog, macKeys: MacKeys): Promise<void> {
  const judge = new Judge(macKeys, { window: new VerdictWindow(), sealed: false });
  for (let position = 0; position < (await from.end()); position++) {
    const decoded = decodeRecord((await from.read(position))?.value ?? new Uint8Array(0));
    if (typeof decoded === 'string') throw new Error(decoded);
    const { header } = decoded;
    if (header.kind === RecordKind.FEATURE_LEVEL) continue;
    const { payload, writes } = withoutOperators(decoded);
    const basedOn = judge.window.position;
    const chain = judge.window.chain.subarray(0, 16);
    const signed = encodeSigned({ ...header, basedOn, chain, writes }, payload);
    const value = Buffer.concat([signed, macKeys.mac(header.macKeyId, sha256(signed))]);
    judge.judge({ position: await to.append([value]), value, control: false, appendedAtMs: 0 });
  }
}

function withoutOperators({ header, payload }: Exclude<ReturnType<typeof decodeRecord>, string>) {
  if (header.kind !== RecordKind.COMMAND) return { payload, writes: header.writes };
  const decoded = decodeCommandPayload(payload);
  if (!decoded.ok) throw new Error(decoded.problem);
  const events = decoded.value.events.filter(
    (stored) =>
      !stored.known ||
      stored.event.type !== 'PermissionDefined' ||
      !stored.event.permission.startsWith('ledgate.operator:'),
  );
  const writes = events.flatMap((stored) =>
    stored.known ? keysOf(stored.event, decoded.value.tenant).map((key) => hashOf(key)) : [],
  );
  return { payload: encodeCommandPayload({ ...decoded.value, events }), writes };
}

it('a cell of an older build can be operated by this one, and its level raised', async () => {
  const folder = temporaryFolder();
  const store = openEmbeddedStore(join(folder.path, 'shared'));
  const vault = store.vault();
  const founding = await startWorld(testConfig(folder.path), { log: store.log('new'), vault });
  const { root } = founding;
  await founding.close();
  const text = readFileSync(join(folder.path, 'keys', 'ledger.key'), 'utf8').trim();
  const macKeys = new MacKeys(name, parseLedgerSecrets(new Secret(text)));
  const old = store.log(name);
  await asFoundedBefore(store.log('new'), old, macKeys);

  const before = await old.end();
  let world = await startWorld(testConfig(folder.path), { log: old, vault });
  // One record for the system tenant, which is the only one.
  expect(await old.end()).toBe(before + 1);
  expect(await world.call(Operator.getFeatureLevel, {}, root)).toMatchObject({ level: 1 });
  const raised = await world.call(Operator.raiseFeatureLevel, { level: 2 }, root);
  expect(raised).toEqual({ level: 2, position: BigInt(before + 1) });
  await world.call(Operator.signHead, {}, root);
  await world.close();

  const end = await old.end();
  world = await startWorld(testConfig(folder.path), { log: old, vault });
  expect(await old.end()).toBe(end);
  expect(await world.call(Operator.getFeatureLevel, {}, root)).toMatchObject({ level: 2 });
  expect(await world.call(Ledger.getStatus, {}, root)).toMatchObject({ voidRecords: 0n });
  await world.close();
  await store.close();
  folder.remove();
});
