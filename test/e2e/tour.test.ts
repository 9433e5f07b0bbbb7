import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { cleanEnvironment, repository } from '../support/ledgate/built-cli.js';

describe('npm run tour', () => {
  it('goes from a grant to its revocation to a kill -9, and ends with 0', async () => {
    const tour = spawn('npm', ['run', '-s', 'tour'], { cwd: repository, env: cleanEnvironment() });
    let said = '';
    tour.stdout.on('data', (chunk) => (said += String(chunk)));
    tour.stderr.on('data', (chunk) => (said += String(chunk)));
    const [code] = (await once(tour, 'close')) as [number | null];
    expect(said).toContain('The tour went as it should.');
    expect(code).toBe(0);
    const [, afterCall, afterAnswer] =
      /DENY at position \d+, ([\d.]+) ms after the call of the revocation, ([\d.]+) ms after/.exec(
        said,
      ) ?? [];
    expect(Number(afterCall)).toBeGreaterThan(Number(afterAnswer));
    expect(said).toMatch(
      /at position \d+: Allowed: .*\n +since then lost: orders:read on projects\/acme\n/,
    );
    expect(said).toMatch(/the same answer, and the same state:\n +identity +[0-9a-f]{64}/);
  });
});
