// The production publisher alone, on a ledger that is there already; without its lease, so that one
// that was killed is followed at once.
//   publisher-program.ts <options as JSON>
import { join } from 'node:path';
import { stateLedgerRules } from '#libs/decider/ledger-rules.js';
import { publicTopicName } from '#libs/events/public-events.js';
import { openKafkaLog } from '#libs/ledger/kafka/kafka-log.js';
import { PublicOutlet } from '#libs/ledger/kafka/public-outlet.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { systemClock } from '#libs/runtime/clock.js';
import { createIds, systemRandom } from '#libs/runtime/ids.js';
import { createLogger } from '#libs/runtime/log.js';
import { LmdbState } from '#services/identity/adapters/lmdb-state.js';
import { IdentityFold } from '#services/identity/app/identity-fold.js';
import { LedgerSession } from '#services/identity/app/ledger-session.js';
import { Publisher } from '#services/identity/app/publisher/publisher.js';
import { PublisherMeter } from '#services/identity/app/publisher/publisher-meter.js';
import { PublicFeed } from '#services/identity/app/subscriptions/public-feed.js';
import { StreamLimits } from '#services/identity/app/subscriptions/stream-limits.js';
import { evolve } from '#services/identity/domain/evolve.js';
import { ledgerKey } from '../../support/authorizer/ledger-seed.js';
import type { PublisherProgramOptions } from './subscriber-options.js';

const options = JSON.parse(process.argv[2] ?? '') as PublisherProgramOptions;
const { brokers, prefix, folder } = options;
const ledger = `${prefix}.ledger.v1`;
const clock = systemClock;
const session = new LedgerSession({
  log: openKafkaLog({ topic: ledger, brokers }),
  fold: new IdentityFold(new LmdbState(join(folder, 'publisher-state')), evolve),
  rules: stateLedgerRules,
  macKeys: new MacKeys(ledger, new Map([[1, Buffer.from(ledgerKey, 'hex')]])),
  clock,
  ids: createIds(clock, systemRandom),
  random: systemRandom,
  onAlarm: () => undefined,
  onFence: () => undefined,
});
await session.start();
const meter = new PublisherMeter();
const publisher = new Publisher({
  session,
  feed: new PublicFeed({ session, clock, limits: new StreamLimits({ total: 0, perCaller: 0 }) }),
  outlet: new PublicOutlet({ brokers }),
  format: 'protobuf',
  nameOf: (topic) => publicTopicName(prefix, topic),
  meter,
  clock,
  log: createLogger({ service: 'publisher', level: 'silent' }),
});
process.stdout.write('up\n');
setInterval(() => process.stdout.write(`count ${meter.position}\n`), 50);
await publisher.run(new AbortController().signal);
