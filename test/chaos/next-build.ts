import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { newestLevel } from '#libs/events/feature-levels.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const parts = ['libs', 'services', 'proto/gen', 'package.json', 'tsconfig.json'];

/** The level that only the next build knows. */
export const nextLevel = newestLevel + 1;
/** Name on the wire of the critical event that it adds. */
export const nextEvent = 'ledgate.grant.GrantAnnotated.v1';

/** What the next build changes: at that level every granted role comes with an event of a new type. */
const changes: readonly (readonly [file: string, from: string | RegExp, to: string])[] = [
  ['libs/events/feature-levels.ts', /newestLevel = \d+;/, `newestLevel = ${nextLevel};`],
  [
    'libs/events/feature-levels.ts',
    'EventType, number>> = {',
    `EventType, number>> = { GrantAnnotated: ${nextLevel},`,
  ],
  [
    'libs/events/event-formats.ts',
    /\n\};\s*$/,
    `
  GrantAnnotated: {
    wireType: '${nextEvent}',
    critical: true,
    encode: (event) => Buffer.from(JSON.stringify(event)),
    decode: (data) => JSON.parse(Buffer.from(data).toString()),
  },
};
`,
  ],
  [
    'libs/events/state-writes.ts',
    '  RoleGranted: (e, at, t) =>',
    `  GrantAnnotated: (e, at) => [at('grant', e.grant), at('grants-of', e.subject)],
  RoleGranted: (e, at, t) =>`,
  ],
  [
    'libs/decider/handle-command.ts',
    '  const { events } = decision;',
    `  const { grant, subject } = decision.events.find(({ type }) => type === 'RoleGranted') ?? {};
  const annotated = grant !== undefined && ports.featureLevel() >= ${nextLevel};
  const more = annotated ? [{ type: 'GrantAnnotated', grant, subject, note: 'next' }] : [];
  const events = [...decision.events, ...more];`,
  ],
];

/** A copy of the present source, which nobody edits while it runs. Returns the path of its `main.ts`. */
export function presentBuild(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const part of parts) cpSync(join(repository, part), join(folder, part), { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  return join(folder, 'services/ledgate/main.ts');
}

/** The present source with those changes. Throws when one of them finds no place. */
export function nextBuild(folder: string): string {
  const main = presentBuild(folder);
  for (const [file, from, to] of changes) {
    const path = join(folder, file);
    const before = readFileSync(path, 'utf8');
    const after = before.replace(from, () => to);
    if (after === before) throw new Error(`${file} has no place any more for: ${String(from)}`);
    writeFileSync(path, after);
  }
  return main;
}
