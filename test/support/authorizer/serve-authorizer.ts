/**
 * An authorizer in a process of its own: over the embedded log of a folder, or over the topics that have
 * a prefix. Prints its address.
 */
import { startAuthorizer } from '#services/authorizer/main.js';
import { testConfig } from './running-authorizer.js';

const [dataDir = '', brokers, topicPrefix = ''] = process.argv.slice(2);
const kafka = { log: 'kafka' as const, kafkaBrokers: brokers?.split(',') ?? [], topicPrefix };
const place = brokers === undefined ? {} : kafka;
const { address } = await startAuthorizer(testConfig({ dataDir, ...place }));
process.stdout.write(`${address}\n`);
