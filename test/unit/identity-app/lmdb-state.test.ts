import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MemoryStore } from '#libs/decider/memory-store.js';
import type { StateStore } from '#libs/decider/state-store.js';
import { LmdbState, sessionStateForm } from '#services/identity/adapters/lmdb-state.js';

let folder: string;
let state: LmdbState;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'ledgate-state-')), 'state');
  state = new LmdbState(folder);
});

afterEach(async () => {
  await state.close();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

const chain = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const put = (position: number, documents: Record<string, object>): void =>
  state.commit({ position, chain: chain(position) }, () => {
    for (const [text, document] of Object.entries(documents)) state.put(text, document);
  });

const texts = [
  't1/role:a',
  't1/role:ab',
  't1/role:b',
  't1/rolename:Ärzte',
  't1/rolename:a\u0000b',
  't1/rolename:日本',
  't10/role:a',
  't2/role:a',
  '/slug:acme',
];

describe('state in LMDB', () => {
  it('knows no text that is longer than a key can be, and says so without a fault', () => {
    put(0, { 't1/role:a': { name: 'a' } });
    for (const length of [1_978, 1_979, 8_192, 1_000_000]) {
      expect(state.get(`t1/role:${'a'.repeat(length)}`)).toBeUndefined();
    }
    expect(state.get('t1/role:a')).toEqual({ name: 'a' });
  });

  it('takes a batch whole or not at all, and goes on after one that failed', () => {
    put(0, { 't/role:x': { name: 'before' } });
    const failing = (): void =>
      state.commit({ position: 1, chain: chain(2) }, () => {
        state.put('t/role:x', { name: 'half' });
        state.put('t/command:c', { position: 1, atMs: 1 });
        state.quarantine([chain(9).subarray(0, 16)]);
        throw new Error('no space left on the device');
      });
    expect(failing).toThrow('no space left');
    expect(state.point.position).toBe(0);
    expect(state.get('t/role:x')).toEqual({ name: 'before' });
    expect(state.get('t/command:c')).toBeUndefined();
    expect(state.quarantinedKeys()).toEqual([]);
    put(1, { 't/role:x': { name: 'after' } });
    expect(state.get('t/role:x')).toEqual({ name: 'after' });
  });

  it('D1 D3: returns what was put last, in and after the transaction, and nothing once removed', () => {
    state.commit({ position: 0, chain: chain(1) }, () => {
      state.put('t/role:x', { name: 'one' });
      expect(state.get('t/role:x')).toEqual({ name: 'one' });
      state.put('t/role:x', { name: 'two' });
    });
    expect(state.get('t/role:x')).toEqual({ name: 'two' });
    state.commit({ position: 1, chain: chain(1) }, () => state.remove('t/role:x'));
    expect(state.get('t/role:x')).toBeUndefined();
    expect([...state.scan('t/')]).toEqual([]);
  });

  it('D2: scans like the store in memory, from any point', () => {
    const memory: StateStore = new MemoryStore();
    for (const text of texts) memory.put(text, { text });
    put(0, Object.fromEntries(texts.map((text) => [text, { text }])));
    for (const prefix of ['', '/', 't1/', 't1/role:', 't1/rolename:', 't2/', 'nobody/']) {
      expect([...state.scan(prefix)]).toEqual([...memory.scan(prefix)]);
      for (const after of texts) {
        expect([...state.scan(prefix, after)]).toEqual([...memory.scan(prefix, after)]);
      }
    }
  });

  it('commits documents and position together, or neither', () => {
    put(4, { 't/role:x': { name: 'kept' } });
    const fail = (): void =>
      state.commit({ position: 5, chain: chain(5) }, () => {
        state.put('t/role:x', { name: 'lost' });
        throw new Error('half way');
      });
    expect(fail).toThrow('half way');
    expect(state.get('t/role:x')).toEqual({ name: 'kept' });
    expect(state.point.position).toBe(4);
  });

  it('goes on where it was after it was closed, and after it was not', async () => {
    put(7, { 't/role:x': { name: 'x' } });
    const before = await state.stateHash();
    await state.close();
    state = new LmdbState(folder);
    expect(state.point).toEqual({ position: 7, chain: Buffer.from(chain(7)) });
    expect(await state.stateHash()).toEqual(before);
    expect(before.position).toBe(7);
  });

  it('is not trusted when the machine may have crashed', async () => {
    put(7, { 't/role:x': { name: 'x' } });
    await state.close();
    writeFileSync(`${folder}.mark`, 'another boot');
    state = new LmdbState(folder);
    expect(state.point.position).toBe(-1);
    expect(state.get('t/role:x')).toBeUndefined();
    expect(readFileSync(`${folder}.mark`, 'utf8')).not.toBe('another boot');
  });

  it.runIf(existsSync('/proc/self/stat'))('belongs to one at a time', async () => {
    expect(() => new LmdbState(folder)).toThrow(/in use by process/u);
    await state.close();
    writeFileSync(`${folder}.lock`, '1 no-such-start-time');
    state = new LmdbState(folder);
    await state.close();
    const start = readFileSync(`/proc/${process.ppid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
    writeFileSync(`${folder}.lock`, `${process.ppid} ${start}`);
    expect(() => new LmdbState(folder)).toThrow(`in use by process ${process.ppid}`);
    rmSync(`${folder}.lock`);
    state = new LmdbState(folder);
  });

  it('is trusted after the process was killed', async () => {
    put(7, { 't/role:x': { name: 'x' } });
    const boot = readFileSync(`${folder}.mark`, 'utf8');
    await state.close();
    writeFileSync(`${folder}.mark`, boot);
    state = new LmdbState(folder);
    expect(state.point.position).toBe(boot === '' ? -1 : 7);
    expect(existsSync(folder)).toBe(true);
  });

  it('hashes the same for the same documents in any order of writing and of fields', async () => {
    put(1, { 't/role:a': { b: 1, a: [{ y: 1, x: undefined }] }, 't/role:b': {} });
    const { hash } = await state.stateHash();
    state.reset();
    put(1, { 't/role:b': {}, 't/role:a': { a: [{ y: 1 }], b: 1 } });
    expect((await state.stateHash()).hash).toBe(hash);
    put(2, { 't/role:b': { c: 1 } });
    expect((await state.stateHash()).hash).not.toBe(hash);
  });

  it('leaves command ids out of the hash, keeps quarantined keys in it', async () => {
    put(1, { 't/role:a': {} });
    const { hash } = await state.stateHash();
    put(2, { 't/command:t,p,c': { position: 2, atMs: 5 } });
    expect((await state.stateHash()).hash).toBe(hash);
    const key = new Uint8Array(16).fill(3);
    expect(state.isQuarantined(key)).toBe(false);
    state.commit({ position: 3, chain: chain(3) }, () => state.quarantine([key]));
    expect(state.isQuarantined(key)).toBe(true);
    expect(state.quarantinedKeys().map((one) => Buffer.from(one))).toEqual([Buffer.from(key)]);
    expect((await state.stateHash()).hash).not.toBe(hash);
  });

  it('sweeps old command ids only, and only the record that is old', () => {
    put(1, { 't/command:t,p,old': { position: 1, atMs: 10 } });
    put(2, { 't/command:t,p,again': { position: 2, atMs: 20 } });
    put(3, { 't/command:t,p,again': { position: 3, atMs: 2_000 } });
    put(4, { 't/command:t,p,new': { position: 4, atMs: 3_000 } });
    expect(state.sweepCommands(1_000, 100)).toBe(2);
    expect([...state.scan('t/command:')].map(([text]) => text)).toEqual([
      't/command:t,p,again',
      't/command:t,p,new',
    ]);
    expect(state.sweepCommands(1_000, 100)).toBe(0);
    expect(state.sweepCommands(9_000, 100)).toBe(2);
    expect([...state.scan('')]).toEqual([]);
  });

  it('sweeps what is over, as it is now, and leaves it out of the hash before', async () => {
    await state.close();
    state = new LmdbState(join(folder, 'expiring'), sessionStateForm);
    put(1, { 't/session:a': { expiresAtMs: 1_000 }, 't/session:b': { expiresAtMs: 1_000 } });
    put(2, { 't/session:b': { expiresAtMs: 3_000 }, 't/role:c': { name: 'kept' } });
    const { hash } = await state.stateHash(2_000);
    expect(state.sweepExpired(1_000, 100)).toBe(0);
    expect(state.sweepExpired(2_000, 1)).toBe(1);
    expect(state.sweepExpired(2_000, 100)).toBe(0);
    expect([...state.scan('')].map(([text]) => text)).toEqual(['t/role:c', 't/session:b']);
    expect((await state.stateHash(2_000)).hash).toBe(hash);
    expect(state.sweepExpired(4_000, 100)).toBe(1);
    expect([...state.scan('')].map(([text]) => text)).toEqual(['t/role:c']);
  });

  it('sweeps nothing of a state that keeps everything', () => {
    put(1, { 't/credential:a': { expiresAtMs: 1_000 } });
    expect(state.sweepExpired(9_000, 100)).toBe(0);
    expect(state.get('t/credential:a')).toEqual({ expiresAtMs: 1_000 });
  });
});
