import { expect, test } from 'vitest';
import { systemRandom } from '#libs/runtime/ids.js';
import { MasterKeys } from '#libs/runtime/master-keys.js';
import { SealedText } from '#services/identity/http/oauth/sealed-text.js';

const key = (fill: number) => Uint8Array.from({ length: 32 }, (_, i) => (i * 7 + fill) % 256);
const one = new MasterKeys(new Map([[1, key(1)]]));
const sealed = new SealedText(one, systemRandom);
const content = { state: 'abc', scopes: ['openid'] };

test('opens what was sealed, for the same purpose and in time', () => {
  const text = sealed.seal('interaction', content, 1000);
  expect(sealed.open('interaction', text, 999)).toEqual(content);
  expect(sealed.open('interaction', text, 1000)).toBeUndefined();
  expect(sealed.open('pushed request', text, 999)).toBeUndefined();
});

test('no changed, cut or foreign text opens', () => {
  const text = sealed.seal('interaction', content, 1000);
  for (let i = 0; i < text.length; i += 1) {
    const other = text[i] === 'A' ? 'B' : 'A';
    const changed = `${text.slice(0, i)}${other}${text.slice(i + 1)}`;
    // The last character may carry bits that base64url drops: the same bytes are the same text.
    if (Buffer.from(changed, 'base64url').equals(Buffer.from(text, 'base64url'))) continue;
    expect(sealed.open('interaction', changed, 0)).toBeUndefined();
    expect(sealed.open('interaction', text.slice(0, i), 0)).toBeUndefined();
  }
  const foreign = new SealedText(new MasterKeys(new Map([[1, key(2)]])), systemRandom);
  expect(sealed.open('interaction', foreign.seal('interaction', content, 1000), 0)).toBeUndefined();
});

test('what an older master key sealed opens while that key is held', () => {
  const text = sealed.seal('interaction', content, 1000);
  const both = new MasterKeys(
    new Map([
      [1, key(1)],
      [2, key(2)],
    ]),
  );
  expect(new SealedText(both, systemRandom).open('interaction', text, 0)).toEqual(content);
  const newer = new MasterKeys(new Map([[2, key(2)]]));
  expect(new SealedText(newer, systemRandom).open('interaction', text, 0)).toBeUndefined();
});

test('a small text that would inflate to a large one does not open', () => {
  const text = sealed.seal('interaction', { padding: 'x'.repeat(200_000) }, 1000);
  expect(text.length).toBeLessThan(1000);
  expect(sealed.open('interaction', text, 0)).toBeUndefined();
});
