import { describe, expect, it } from 'vitest';
import {
  badExports,
  badNames,
  longestMedian,
  medianLines,
  openEnds,
  tooLong,
} from './shape-rules.js';
import { sample, sourceFiles } from './source-tree.js';

const production = sourceFiles('libs', 'services');
const everything = [...production, ...sourceFiles('test', 'examples')];
const outsideOfTheRules = everything.filter(({ path }) => !path.startsWith('test/architecture/'));

describe('length of files', () => {
  it('is at most 400 lines', () => {
    expect(tooLong(everything)).toEqual([]);
  });

  it('has a median of at most 100 lines', () => {
    expect(medianLines(production)).toBeLessThanOrEqual(longestMedian);
  });

  it('is measured: one line more is reported', () => {
    const [a, b] = ['x\n'.repeat(400), 'x\n'.repeat(401)];
    expect(tooLong(sample({ 'libs/a.ts': a, 'libs/b.ts': b }))).toEqual([
      'libs/b.ts has 401 lines',
    ]);
    expect(medianLines(sample({ a: 'x\n', b: 'x\n'.repeat(101), c: 'x\n'.repeat(150) }))).toBe(101);
  });
});

describe('names of files', () => {
  it('say what is inside', () => {
    expect(badNames(everything)).toEqual([]);
  });

  it.each([
    'libs/errors/utils.ts',
    'libs/grpc/stream-helpers.ts',
    'services/identity/common/a.ts',
    'test/support/shared.test.ts',
    'services/identity/session-manager.ts',
    'libs/client/base-client.ts',
    'libs/errors/Failure.ts',
    'libs/errors/failure_class.ts',
  ])('may not be %s', (path) => {
    expect(badNames(sample({ [path]: '' }))).toHaveLength(1);
  });
});

describe('exports', () => {
  it('are named, and stand where the thing is', () => {
    const files = everything.filter(({ path }) => !path.endsWith('.config.ts'));
    expect(badExports(files)).toEqual([]);
  });

  it.each([
    'export default function f() {}',
    'const f = 1; export { f as default };',
    "export * from './other.js'; export const a = 1;",
    "export { a } from './a.js';\nexport type { B } from './b.js';",
  ])('may not be: %s', (text) => {
    expect(badExports(sample({ 'libs/errors/a.ts': text }))).toHaveLength(1);
  });

  it('may not be collected in an index', () => {
    expect(badExports(sample({ 'libs/errors/index.ts': 'export const a = 1;' }))).toHaveLength(1);
  });
});

describe('open ends', () => {
  it('carry an issue number', () => {
    expect(openEnds(outsideOfTheRules)).toEqual([]);
  });

  it('are found without one', () => {
    const text = '// TODO later\n// TODO(#12) decided\n/* FIXME */';
    expect(openEnds(sample({ 'libs/a.ts': text }))).toEqual(['libs/a.ts:1', 'libs/a.ts:3']);
  });
});
