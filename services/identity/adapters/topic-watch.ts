import { Failure } from '#libs/errors/failure.js';
import {
  checkTopics,
  publicTopicSpecs,
  topicSpecs,
  type TopicDeviation,
} from '#libs/ledger/kafka/topics.js';
import { ledgerName, type LedgerPlace } from '#libs/ledger/ledger-place.js';
import { kafkaSettingsOf } from '#libs/ledger/open-ledger.js';
import { sleep, type Clock } from '#libs/runtime/clock.js';
import type { Logger } from '#libs/runtime/log.js';
import type { IdentityConfig } from '#services/identity/config.js';

const HOUR_MS = 3_600_000;
/** Pause before brokers that cannot be reached are asked again. */
const UNREACHABLE_MS = 250;
/** Fewer copies than advised are a risk that an operator may take; everything else loses records. */
const tolerable: ReadonlySet<string> = new Set(['replication.factor', 'min.insync.replicas']);

type WatchedPlace = LedgerPlace & Pick<IdentityConfig, 'publisher'>;

/**
 * Looks at the settings of Kafka's topics at the start and each hour: a retention that somebody set
 * would delete the ledger. Resolves with the way to stop looking.
 *
 * @throws Failure MISCONFIGURED at the start when a setting would lose records.
 */
export async function watchTopics(
  place: WatchedPlace,
  clock: Clock,
  log: Logger,
): Promise<() => void> {
  if (place.log === 'embedded') return () => {};
  const sessionTopic = ledgerName(place, 'S');
  const fatal = (await firstLook(place, clock, log)).filter(
    // A cell of before ledger S: "ledgate init" makes its topic, before the level is raised.
    ({ topic, setting }) =>
      !tolerable.has(setting) && !(topic === sessionTopic && setting === 'exists'),
  );
  if (fatal.length > 0) {
    const lines = fatal.map((one) => `${one.topic}: ${one.setting} must be ${one.expected}`);
    throw new Failure('MISCONFIGURED', `topics would lose records: ${lines.join('; ')}`);
  }
  let cancel = (): void => {};
  const again = (): void => {
    cancel = clock.after(HOUR_MS, () => {
      look(place, log).catch((error: unknown) => log.warn({ err: error }, 'topics not checked'));
      again();
    });
  };
  again();
  return () => cancel();
}

/** After a power cut everything starts at once, and the brokers may be the last: waits for them. */
async function firstLook(
  place: WatchedPlace,
  clock: Clock,
  log: Logger,
): Promise<TopicDeviation[]> {
  for (;;) {
    try {
      return await look(place, log);
    } catch (error) {
      log.warn({ err: error }, 'topics not checked: no broker answers yet');
      await sleep(clock, UNREACHABLE_MS);
    }
  }
}

async function look(place: WatchedPlace, log: Logger): Promise<TopicDeviation[]> {
  const replicationFactor = Math.min(3, place.kafkaBrokers.length);
  const { topicPrefix: prefix, sessionRetentionMs } = place;
  const cell = { prefix, replicationFactor, sessionRetentionMs };
  const settings = kafkaSettingsOf(place);
  const found = await checkTopics(settings, topicSpecs(cell));
  for (const deviation of found) log.error({ deviation }, 'a topic is not as it must be');
  if (place.publisher === undefined) return found;
  // Derived: a cell serves without them, and "ledgate init" makes those of an older cell.
  for (const deviation of await checkTopics(settings, publicTopicSpecs(cell))) {
    log.error({ deviation }, 'a public topic is not as it must be: see "ledgate init"');
  }
  return found;
}
