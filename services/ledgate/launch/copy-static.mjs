// Files that browsers are sent as they are: the compiler leaves them out, they go beside its output.
import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../../../', import.meta.url);
const folders = ['services/identity/http/pages/static'];

export function copyStatic() {
  for (const folder of folders) {
    cpSync(new URL(folder, root), new URL(`dist/${folder}`, root), { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) copyStatic();
