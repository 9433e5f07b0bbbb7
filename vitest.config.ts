import { defineConfig } from 'vitest/config';

const second = 1000;
/** Starts the real broker that the files of a tier share, or says why there is none. */
const withKafka = ['test/support/kafka/global-setup.ts'];
const onKafka = ['test/**/kafka/**/*.test.ts', 'test/**/*.kafka.test.ts'];

/** Files that only a real broker can run belong to `kafka`, whichever folder they are in. */
function tier(name: string, timeoutMs: number, rest: { serial?: boolean } = {}) {
  return {
    extends: true as const,
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      exclude: onKafka,
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      fileParallelism: rest.serial !== true,
    },
  };
}

export default defineConfig({
  resolve: { conditions: ['source', 'node'] },
  ssr: { resolve: { conditions: ['source', 'node'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      tier('unit', 15 * second),
      tier('architecture', 30 * second),
      tier('golden', 30 * second),
      tier('contracts', 60 * second),
      tier('simulation', 600 * second),
      tier('integration', 60 * second),
      tier('e2e', 180 * second, { serial: true }),
      {
        extends: true,
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          globalSetup: withKafka,
          testTimeout: 3600 * second,
          hookTimeout: 180 * second,
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'kafka',
          include: onKafka,
          globalSetup: withKafka,
          exclude: ['test/chaos/**'],
          testTimeout: 180 * second,
          hookTimeout: 180 * second,
          fileParallelism: false,
        },
      },
    ],
  },
});
