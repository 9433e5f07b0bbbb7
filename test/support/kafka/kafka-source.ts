import { getContainerRuntimeClient } from 'testcontainers';
import { whyNoJars } from './jars.js';

/** Where a real broker can come from here, in the order of preference. */
export type KafkaSource =
  | { readonly kind: 'given'; readonly brokers: string[] }
  | { readonly kind: 'container' }
  | { readonly kind: 'jars' }
  | { readonly kind: 'none'; readonly why: string };

export async function kafkaSource(): Promise<KafkaSource> {
  const given = process.env['KAFKA_BROKERS'];
  if (given !== undefined && given !== '') return { kind: 'given', brokers: given.split(',') };
  if (await hasContainerEngine()) return { kind: 'container' };
  const why = await whyNoJars();
  if (why === undefined) return { kind: 'jars' };
  return { kind: 'none', why: `no KAFKA_BROKERS, no container engine, ${why}` };
}

async function hasContainerEngine(): Promise<boolean> {
  try {
    await getContainerRuntimeClient();
    return true;
  } catch {
    return false;
  }
}
