import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from './source-tree.js';

/** Runs the check of `npm test` on a copy of the protos: it must notice what would break callers. */
describe('the baseline of the protos', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ledgate-proto-'));
    for (const name of ['proto/ledgate', 'proto/third_party', 'proto/image.binpb']) {
      cpSync(join(root, name), join(folder, name), { recursive: true });
    }
    for (const name of ['buf.yaml', 'package.json']) cpSync(join(root, name), join(folder, name));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function edit(path: string, change: (text: string) => string): void {
    const file = join(folder, path);
    writeFileSync(file, change(readFileSync(file, 'utf8')));
  }

  function check(): { status: number | null; output: string } {
    const args = ['run', '-s', 'lint:proto:breaking'];
    const run = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
    return { status: run.status, output: run.stdout + run.stderr };
  }

  it('accepts what is there', () => {
    expect(check()).toMatchObject({ status: 0 });
  });

  it('accepts a new field', () => {
    edit('proto/ledgate/ledger/v1/payload.proto', (text) =>
      text.replace(/^message \w+ \{/m, '$&\n  string added = 15999;'),
    );
    expect(check()).toMatchObject({ status: 0 });
  });

  it('refuses a removed field', () => {
    edit('proto/ledgate/ledger/v1/payload.proto', (text) =>
      text.replace(/^ {2}\w+ \w+ = 1;$/m, ''),
    );
    const { status, output } = check();
    expect(status).not.toBe(0);
    expect(output).toContain('was deleted');
  });

  it('refuses to pass without a baseline', () => {
    rmSync(join(folder, 'proto/image.binpb'));
    expect(check().status).not.toBe(0);
  });
});
