import type { TestProject } from 'vitest/node';
import { whyNoJars } from './jars.js';
import { kafkaSource } from './kafka-source.js';
import { startBroker } from './start-broker.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** `brokers` is empty where the tier cannot run. */
    kafka: { brokers: string[]; canControl: boolean };
  }
}

/**
 * Starts the broker that the files of the Kafka tier share. `REQUIRE_KAFKA=1` makes the
 * run fail where there is none, instead of skipping.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const source = await kafkaSource();
  const noControl = await whyNoJars();
  const required = process.env['REQUIRE_KAFKA'] === '1';
  if (required && source.kind === 'none') throw new Error(`Kafka is required: ${source.why}`);
  if (required && noControl !== undefined) throw new Error(`Kafka is required: ${noControl}`);
  if (noControl !== undefined) {
    process.stdout.write(`Tests that kill and pause brokers skipped: ${noControl}\n`);
  }
  if (source.kind === 'none') {
    process.stdout.write(`Kafka tier skipped: ${source.why}\n`);
    project.provide('kafka', { brokers: [], canControl: false });
    return () => Promise.resolve();
  }
  const broker = await startBroker();
  project.provide('kafka', { brokers: broker.bootstrap, canControl: noControl === undefined });
  return () => broker.stop();
}
