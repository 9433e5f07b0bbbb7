import { Option, type Command } from 'commander';
import { publicFormats, type PublicFormat } from '#libs/events/cloud-event.js';
import { publicTopicName, publicTopics, type PublicTopic } from '#libs/events/public-events.js';
import { Failure } from '#libs/errors/failure.js';
import { withCli } from '../cli/cli.js';
import { list } from '../cli/values.js';

interface RebuildFlags {
  readonly brokers?: string[];
  readonly topic: PublicTopic | 'all';
  readonly format: PublicFormat;
}

/** `ledgate events rebuild` */
export function addEventsCommands(program: Command): void {
  const events = program
    .command('events')
    .description('the public topics, derived from the ledger');
  events
    .command('rebuild')
    .description('publish again, from the first position of the ledger to its present end')
    .option('--brokers <list>', 'of Kafka, e.g. 127.0.0.1:9092; default: the environment', list)
    .addOption(
      new Option('--topic <name>', 'which topic').choices(['all', ...publicTopics]).default('all'),
    )
    .addOption(
      new Option('--format <name>', 'how values are written [LEDGATE_PUBLISHER_FORMAT]')
        .choices(publicFormats)
        .default('protobuf')
        .env('LEDGATE_PUBLISHER_FORMAT'),
    )
    .action(
      withCli(async (cli, flags: RebuildFlags) => {
        const { openLedgerOf } = await import('../operate/place.js');
        const { kafkaSettingsOf } = await import('#libs/ledger/open-ledger.js');
        const { PublicOutlet } = await import('#libs/ledger/kafka/public-outlet.js');
        const { rebuildTopics } = await import('../operate/events/rebuild.js');
        const { withProgressBar } = await import('../operate/verify.js');
        const { log, macKeys, place } = openLedgerOf({ ...flags, data: cli.data });
        if (place.log !== 'kafka') {
          await log.close();
          throw new Failure('MISCONFIGURED', 'the embedded log has no public topics: see "tail"');
        }
        const outlet = new PublicOutlet(kafkaSettingsOf(place));
        const { format, topic } = flags;
        const topics = topic === 'all' ? publicTopics : [topic];
        const nameOf = (one: PublicTopic): string => publicTopicName(place.topicPrefix, one);
        try {
          const watched = process.stderr.isTTY && !cli.out.json;
          const rebuilt = await withProgressBar(watched, (onProgress) =>
            rebuildTopics({ log, macKeys, outlet, format, topics, nameOf, onProgress }),
          );
          cli.out.one({ ...rebuilt, topics: topics.map(nameOf).join(', ') });
        } finally {
          await outlet.close();
          await log.close();
        }
      }),
    );
}
