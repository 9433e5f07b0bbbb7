import { describe, expect, it } from 'vitest';
import { commonPasswords } from '#services/identity/adapters/common-passwords.js';
import { judgePassword, normalizePassword } from '#services/identity/app/password-policy.js';

const rules = { minLength: 15, contextWords: ['margarethe', 'acme-corporation'] };
const judge = (password: string, minLength = 15) =>
  judgePassword('password', password, { ...rules, minLength }, commonPasswords)?.description;

describe('password policy', () => {
  it('accepts a few words, of any characters, without composition rules (ASVS 6.2.5)', () => {
    expect(judge('wandering teapots hum')).toBeUndefined();
    expect(judge('наблюдатели ждут снега')).toBeUndefined();
    expect(judge('🐙🦀🐚🐡🐠🐟🦐🦑🐳🐋🦈🐊🐢🦕🌊')).toBeUndefined();
  });

  it('counts code points, not bytes or UTF-16 units (SP 800-63B-4, 3.1.1.2)', () => {
    expect(judge('🐙🦀🐚🐡🐠🐟🦐🦑🐳🐋🦈🐊🐢🦕')).toMatch(/at least 15/u);
    expect(judge('тихоерекаозеро')).toMatch(/at least 15/u);
  });

  it('takes 1000 code points and no more, and never cuts (ASVS 6.2.9)', () => {
    const long = 'abkqzx9 '.repeat(125);
    expect(Array.from(long)).toHaveLength(1000);
    expect(judge(`${long.slice(0, 999)}#`)).toBeUndefined();
    expect(judge(`${long}#`)).toMatch(/longer than 1000/u);
  });

  it('lets a tenant lower the length to 8', () => {
    expect(judge('vgw8 tzq', 8)).toBeUndefined();
    expect(judge('vgw8tzq', 8)).toMatch(/at least 8/u);
  });

  it.each([
    'password',
    'PASSWORD',
    'jennifer',
    '1qaz2wsx',
    'ｐａｓｓｗｏｒｄ',
    'password2024!',
    '123jennifer123',
  ])('refuses the well-known %s', (password) => {
    expect(judge(password, 8)).toMatch(/guess|well-known/u);
  });

  it.each([
    'aaaaaaaaaaaaaaa',
    'abcabcabcabcabcabc',
    'abcdefghijklmnopq',
    '123456789012345678',
    'qwertyuiopasdfghjkl',
    'passwordpassword',
    'jenniferjennifer!',
  ])('refuses the pattern %s', (password) => {
    expect(judge(password)).toMatch(/guess|well-known/u);
  });

  it.each([
    'Margarethe123456',
    'margarethemargarethe',
    'margarethe margarethe 1',
    '2024acme-corporation',
    '!!acme-corporation!!',
  ])('refuses the context word in %s (ASVS 6.2.11)', (password) => {
    expect(judge(password)).toMatch(/user name/u);
  });

  it('keeps a context word that is only a part', () => {
    expect(judge('margarethe likes teapots')).toBeUndefined();
  });

  it('names the field', () => {
    const violation = judgePassword('new_password', 'x', rules, commonPasswords);
    expect(violation?.field).toBe('new_password');
  });

  it('compares NFKC forms', () => {
    expect(normalizePassword('e\u0301tude')).toBe(normalizePassword('\u00e9tude'));
    expect(normalizePassword('ﬁ')).toBe('fi');
  });
});
