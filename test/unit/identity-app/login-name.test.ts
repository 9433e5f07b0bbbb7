import { describe, expect, it } from 'vitest';
import { canonicalLoginName, judgeLoginName } from '#services/identity/app/login-name.js';

describe('login names', () => {
  it('are compared by NFKC and case folding (OpenFGA CVE-2026-55170)', () => {
    const forms = ['Andre\u0301', 'ANDR\u00c9', 'andr\u00e9', 'ａｎｄｒé'];
    const canonical = new Set(forms.map((form) => canonicalLoginName(form).canonical));
    expect([...canonical]).toEqual(['andr\u00e9']);
  });

  it('tell their kind by the @ alone', () => {
    expect(canonicalLoginName('Ann@Example.org')).toEqual({
      kind: 'EMAIL',
      canonical: 'ann@example.org',
    });
    expect(canonicalLoginName('ann')).toEqual({ kind: 'USERNAME', canonical: 'ann' });
  });

  it.each([
    '',
    ' ann',
    'ann ',
    'a n',
    '-ann',
    'ann@x',
    'a/b',
    'a\u0000b',
    'a\u202eb',
    'x'.repeat(65),
  ])('refuse the username %j', (name) => {
    expect(judgeLoginName('USERNAME', name)).toBeDefined();
  });

  it.each(['ann', 'Ann.Lee-2_x', '李雷', 'josé', '7up'])('accept the username %s', (name) => {
    expect(judgeLoginName('USERNAME', name)).toBeUndefined();
  });

  it.each(['', 'ann', '@x.org', 'ann@', 'a@b@c', 'a b@c.de', 'a@b.de\n', `a@${'x'.repeat(260)}`])(
    'refuse the address %j',
    (name) => {
      expect(judgeLoginName('EMAIL', name)).toBeDefined();
    },
  );

  it.each(['ann@example.org', 'ann+tag@example.org', 'ÄNN@exämple.org'])(
    'accept the address %s',
    (name) => {
      expect(judgeLoginName('EMAIL', name)).toBeUndefined();
    },
  );
});
