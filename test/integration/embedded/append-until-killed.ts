/**
 * Appends batches for ever and prints each acknowledged one as `first size tag`. Killed by its
 * parent. Arguments: directory, writer name.
 */
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';

const [path, writer] = process.argv.slice(2) as [string, string];
const log = openEmbeddedLog({ path, name: 'auth.ledger.v1' });
let serial = 0;

async function appendForEver(lane: number): Promise<never> {
  for (;;) {
    const size = 1 + ((serial * 7 + lane) % 5);
    const tag = `${writer}.${lane}.${serial}`;
    serial += 1;
    const values = Array.from({ length: size }, (_, i) => Buffer.from(`${tag} ${i}/${size}`));
    const first = await log.append(values);
    process.stdout.write(`${first} ${size} ${tag}\n`);
  }
}

await Promise.all([0, 1, 2, 3, 4, 5, 6, 7].map(appendForEver));
