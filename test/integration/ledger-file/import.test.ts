import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEmbeddedStore, type EmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { SimulatedVault } from '#libs/ledger/simulated/simulated-vault.js';
import { exportLedger } from '#services/ledgate/operate/ledger-file/export-ledger.js';
import {
  chainOf,
  importLedger,
  type Imported,
} from '#services/ledgate/operate/ledger-file/import-ledger.js';
import { openLedgerFile } from '#services/ledgate/operate/ledger-file/ledger-file.js';
import { requireProved, verifyFile } from '#services/ledgate/operate/ledger-file/verify-file.js';
import { sampleLedger } from '../../support/ledger/sample-ledger.js';

const name = 'auth.ledger.v1';
const records = 90;
let folder: string;
let stores: EmbeddedStore[];
let path: string;
let source: EventLog;
let vault: SimulatedVault;

function newLog(): EventLog {
  const store = openEmbeddedStore(join(folder, `store-${stores.length}`));
  stores.push(store);
  return store.log(name);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledgate-import-'));
  stores = [];
  path = join(folder, 'file');
  source = newLog();
  vault = new SimulatedVault();
  const { signer } = await sampleLedger(source, vault, records);
  await exportLedger({ log: source, vault, signer, path });
});
afterEach(async () => {
  for (const store of stores) await store.close();
  await rm(folder, { recursive: true, force: true });
});

async function importInto(log: EventLog, into = new SimulatedVault()): Promise<Imported> {
  const file = await openLedgerFile(path);
  requireProved(await verifyFile(file));
  return importLedger({ file, log, vault: into });
}

async function idsOf(of: SimulatedVault): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of of.list()) ids.push(id);
  return ids;
}

describe('an import', () => {
  it('brings every record to its position, and every blob', async () => {
    const [log, into] = [newLog(), new SimulatedVault()];
    const imported = await importInto(log, into);
    expect(imported).toMatchObject({ position: records - 1, before: 0 });
    expect(await chainOf(log, records)).toEqual(await chainOf(source, records));
    expect(await idsOf(into)).toEqual(await idsOf(vault));
  });

  it('goes on where one was cut short, wherever that was', async () => {
    const log = newLog();
    const into = new SimulatedVault();
    for (const upTo of [1, 40, records]) {
      for (let p = await log.end(); p < upTo; p++) {
        await log.append([(await source.read(p))?.value ?? new Uint8Array(0)]);
      }
      if (upTo < records) continue;
      expect(await importInto(log, into)).toMatchObject({ before: records });
    }
    const half = newLog();
    for (let p = 0; p < 40; p++) {
      await half.append([(await source.read(p))?.value ?? new Uint8Array(0)]);
    }
    expect(await importInto(half, into)).toMatchObject({ before: 40, position: records - 1 });
    expect(await chainOf(half, records)).toEqual(await chainOf(source, records));
  });

  it('is refused where another ledger is, shorter or longer, and changes nothing there', async () => {
    const shorter = newLog();
    await shorter.append([Buffer.from('something else')]);
    await expect(importInto(shorter)).rejects.toMatchObject({ reason: 'WRONG_STATE' });
    expect(await shorter.end()).toBe(1);
    const longer = newLog();
    await importInto(longer);
    await longer.append([Buffer.from('it is in use')]);
    await expect(importInto(longer)).rejects.toMatchObject({ reason: 'WRONG_STATE' });
  });

  it('is refused where somebody writes meanwhile', async () => {
    const log = newLog();
    let written = false;
    const disturbed: EventLog = {
      name,
      append: async (values) => {
        if (!written) await log.append([Buffer.from('me too')]);
        written = true;
        return log.append(values);
      },
      tail: (from, signal) => log.tail(from, signal),
      read: (position) => log.read(position),
      end: () => log.end(),
      start: () => log.start(),
      trim: (before) => log.trim(before),
      close: () => log.close(),
    };
    await expect(importInto(disturbed)).rejects.toMatchObject({ reason: 'WRONG_STATE' });
  });

  it('takes no damaged file', async () => {
    const bytes = await readFile(path);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(path, bytes);
    const log = newLog();
    await expect(importInto(log)).rejects.toMatchObject({ reason: 'INVALID_ARGUMENT' });
    expect(await log.end()).toBe(0);
  });

  it('does not put a blob in the place of another', async () => {
    const into = new SimulatedVault();
    const [id = ''] = await idsOf(vault);
    await into.put(id, Buffer.from('another'));
    await expect(importInto(newLog(), into)).rejects.toMatchObject({ reason: 'WRONG_STATE' });
  });
});

describe('an export', () => {
  it('does not overwrite, and leaves nothing behind when it fails', async () => {
    const signer = {
      signHead: () => Promise.reject(new Error('no')),
      signFile: () => Promise.reject(new Error('no')),
    };
    const options = { log: source, signer };
    await expect(exportLedger({ ...options, path: join(folder, 'new') })).rejects.toThrow('no');
    const { signer: good } = await sampleLedger(newLog(), new SimulatedVault(), 3);
    const again = exportLedger({ log: newLog(), signer: good, path });
    await expect(again).rejects.toMatchObject({ reason: 'NOT_FOUND' });
  });

  it('says so when the log is not the history that was signed', async () => {
    const other = newLog();
    const { signer } = await sampleLedger(other, new SimulatedVault(), 40);
    const target = join(folder, 'other');
    const short = { signer, log: source, path: target };
    // The same first records, and then not: 40 were signed, of another history.
    await expect(exportLedger(short)).resolves.toMatchObject({ position: 39 });
    const changed = newLog();
    for (let p = 0; p < 40; p++) {
      const value = (await other.read(p))?.value ?? new Uint8Array(0);
      await changed.append([p === 20 ? Buffer.from('changed') : value]);
    }
    const bad = exportLedger({ signer, log: changed, path: join(folder, 'bad') });
    await expect(bad).rejects.toMatchObject({ reason: 'DIVERGED' });
    await expect(readFile(join(folder, 'bad.partial'))).rejects.toThrow('ENOENT');
  });
});
