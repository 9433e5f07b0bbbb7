import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { authorizerVariables } from '#services/authorizer/config.js';
import { identityVariables } from '#services/identity/config.js';
import { targetVariables } from '#services/ledgate/cli/target.js';

const text = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8');
const names = Object.keys({ ...identityVariables, ...authorizerVariables }) as Name[];
type Name = keyof typeof identityVariables | keyof typeof authorizerVariables;

interface DocumentedSetting {
  readonly readBy: string;
  readonly fallback: string;
}

/** The table under "Settings": name → who reads it and what it is without being set. */
const settings = new Map<string, DocumentedSetting>(
  [...text.matchAll(/^\| `((?:LEDGATE|OTEL)_\w+)` \| (\w+) \| .* \| ?(.*?) ?\|$/gm)].map(
    ([, name = '', readBy = '', fallback = '']) => [name, { readBy, fallback }],
  ),
);

function readersOf(name: Name): string {
  if (!(name in authorizerVariables)) return 'identity';
  return name in identityVariables ? 'both' : 'authorizer';
}

/** The text of a default, without marks; `undefined` where there is none to be parsed. */
function defaultText(name: Name): string | undefined {
  return /^`([^`]*)`/.exec(settings.get(name)?.fallback ?? '')?.[1];
}

describe('the alarms in docs/operations.md', () => {
  it('are those of the ledger reader', () => {
    const reader = readFileSync(
      new URL('../../../libs/ledger/reader-alarm.ts', import.meta.url),
      'utf8',
    );
    const [, union = ''] = /type ReaderAlarm =([\s\S]*?);\n$/.exec(reader) ?? [];
    const kinds = [...union.matchAll(/kind: '([\w-]+)'/g)].map(([, kind]) => kind);
    const section = text.slice(text.indexOf('## Alarms'), text.indexOf('## Keys'));
    const documented = [...section.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, kind]) => kind);
    expect(kinds.length).toBeGreaterThan(5);
    expect(new Set(documented)).toEqual(new Set(kinds));
  });
});

describe('the settings in docs/operations.md', () => {
  it('are those that the services read, all of them and no others', () => {
    expect([...settings.keys()].sort()).toEqual([...names].sort());
  });

  it.each(names)('%s: who reads it, and what it is by default', (name) => {
    expect(settings.get(name)?.readBy).toBe(readersOf(name));
    for (const variables of [identityVariables, authorizerVariables]) {
      const type = Object.entries(variables).find(([key]) => key === name)?.[1];
      if (type === undefined) continue;
      const real = type.safeParse(undefined);
      const documented = type.safeParse(defaultText(name));
      expect([documented.success, documented.data]).toEqual([real.success, real.data]);
    }
  });

  it('name the variables of the command line', () => {
    for (const name of targetVariables) expect(text).toContain(`\`${name}\``);
  });
});
