import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importsOf } from './imports-of.js';
import { homes, homeViolations, layerViolations } from './layer-rules.js';
import { root, sample, sourceFiles } from './source-tree.js';

const production = [...sourceFiles('libs', 'services', 'proto/gen')].flatMap(importsOf);

function importsIn(files: Record<string, string>) {
  return sample(files).flatMap(importsOf);
}

describe('layers', () => {
  it('hold for every import', () => {
    expect(production.length).toBeGreaterThan(20);
    expect(layerViolations(production)).toEqual([]);
  });

  it.each([
    ['a library imports a service', 'libs/access/a.ts', '#services/identity/domain/x.js'],
    [
      'the services import each other',
      'services/authorizer/app/a.ts',
      '#services/identity/app/x.js',
    ],
    ['the domain imports an adapter', 'services/identity/domain/role/a.ts', '../../adapters/x.js'],
    ['the domain imports the ledger', 'services/identity/domain/role/a.ts', '#libs/ledger/x.js'],
    ['errors import something of ours', 'libs/errors/a.ts', '#libs/runtime/clock.js'],
    ['a composition root is imported', 'services/identity/app/a.ts', '../main.js'],
    ['generated types go deep', 'services/identity/app/a.ts', '#proto/ledgate/x.js'],
    ['tests are imported', 'libs/ledger/a.ts', '../../test/support/x.js'],
    ['a file stands outside of all layers', 'services/other/a.ts', '#libs/errors/failure.js'],
  ])('are violated when %s', (_, path, specifier) => {
    expect(
      layerViolations(importsIn({ [path]: `import { x } from '${specifier}';` })),
    ).toHaveLength(1);
  });
});

describe('homes of npm packages', () => {
  it('hold for every import', () => {
    expect(homeViolations(production)).toEqual([]);
  });

  it('exist for exactly the dependencies that ship', () => {
    const text = readFileSync(join(root, 'package.json'), 'utf8');
    const manifest = JSON.parse(text) as { dependencies: Record<string, string> };
    expect(Object.keys(homes).sort()).toEqual(Object.keys(manifest.dependencies).sort());
  });

  it.each([
    ['kafkajs', 'libs/ledger/reader.ts'],
    ['kafkajs/src/cluster', 'services/identity/app/a.ts'],
    ['lmdb', 'services/authorizer/app/a.ts'],
    ['jose', 'services/identity/app/a.ts'],
    ['argon2', 'services/identity/adapters/other.ts'],
    ['@grpc/grpc-js', 'libs/access/a.ts'],
    ['left-pad', 'libs/runtime/a.ts'],
  ])('are violated by %s in %s', (npm, path) => {
    for (const text of [`import x from '${npm}';`, `const x = require('${npm}');`]) {
      expect(homeViolations(importsIn({ [path]: text }))).toHaveLength(1);
    }
  });
});

describe('the import scanner', () => {
  it('finds every form, and none in comments and strings', () => {
    const text = `
      import a from 'one';
      import { b,
        c } from "two";
      import type { D } from 'three';
      import { type E } from 'four';
      export * from './five.js';
      import 'six';
      const g = await import('@seven/g/deep');
      // import h from 'eight';
      /* import i from 'nine'; */
      const j = "import k from 'ten'";
      import l from 'node:crypto';
      export const m = { from: 'eleven' };
    `;
    const found = importsOf({ path: 'libs/x/y.ts', text }).map((one) => [
      one.npm ?? one.file ?? one.node,
      one.typeOnly,
    ]);
    expect(found).toEqual([
      ['one', false],
      ['two', false],
      ['three', true],
      ['four', true],
      ['libs/x/five.ts', false],
      ['six', false],
      ['crypto', false],
      ['@seven/g', false],
    ]);
  });
});
