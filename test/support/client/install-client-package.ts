import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../../../', import.meta.url));

export type InstalledPackage =
  /** `files` are the paths inside the package. */
  | { readonly installed: true; readonly folder: string; readonly files: readonly string[] }
  | { readonly installed: false; readonly why: string };

const offline = /ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/;

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** The client's package, installed with `others`. */
export function installClientPackage(others: readonly string[] = []): InstalledPackage {
  return installPackage('client', others);
}

/**
 * Builds one of our packages, packs it, and installs it with `others` into a new folder as anybody
 * would. Without a registry within reach it says why not; whatever else fails is thrown.
 */
export function installPackage(
  name: 'client' | 'subscriber',
  others: readonly string[] = [],
): InstalledPackage {
  run(process.execPath, [`services/ledgate/launch/build-${name}.mjs`], repository);
  const folder = mkdtempSync(join(tmpdir(), `ledgate-${name}-`));
  const quiet = ['--loglevel=error', '--ignore-scripts', '--no-audit', '--no-fund'];
  const packed = run(
    'npm',
    ['pack', join(repository, `dist/${name}-package`), '--json', ...quiet],
    folder,
  );
  const [{ filename, files }] = JSON.parse(packed) as [
    { filename: string; files: { path: string }[] },
  ];
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  try {
    run('npm', ['install', `./${filename}`, ...others, '--prefer-offline', ...quiet], folder);
  } catch (error) {
    const text = String(error);
    if (!offline.test(text)) throw error;
    return { installed: false, why: `no npm registry within reach (${offline.exec(text)?.[0]})` };
  }
  return { installed: true, folder, files: files.map(({ path }) => path) };
}

/** The fenced blocks of a Markdown text in one language. */
export function codeBlocks(markdown: string, language: string): string[] {
  const fence = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm');
  return [...markdown.matchAll(fence)].map(([, code = '']) => code);
}
