import { afterEach, expect, it, vi } from 'vitest';
import { Cli } from '#services/ledgate/cli/cli.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What the command line prints of an answer. */
function printed(json: boolean, position: bigint): string {
  const lines: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    lines.push(String(text));
    return true;
  });
  const none = { credential: undefined, tenant: undefined };
  const target = { identity: '', authorizer: '', ca: undefined, cert: undefined, key: undefined };
  const cli = new Cli({ data: '.ledgate', json }, { ...target, ...none }, undefined);
  cli.done({ position, consistencyToken: '', replayed: false }, {}, 'ann is suspended');
  return lines.join('');
}

it('a revocation that the ledger could not take says that it is held', () => {
  expect(printed(false, -1n)).toMatch(
    /^ann is suspended \(held: the ledger cannot be written now/u,
  );
  expect(JSON.parse(printed(true, -1n))).toMatchObject({ held: true });
});

it('one that it has taken does not', () => {
  expect(printed(false, 5n)).toBe('ann is suspended\n');
  expect(JSON.parse(printed(true, 5n))).not.toHaveProperty('held');
});
