import { newestLevel } from '#libs/events/feature-levels.js';
import { addCounter, addGauge, type createRegistry } from '#libs/runtime/metrics.js';
import type { Callers } from './callers.js';
import type { DecisionCounts } from './decision-counts.js';
import type { Channel } from './decision-log/channel.js';
import type { DecisionLog } from './decision-log/decision-log.js';
import type { KeyProofs } from './key-proofs.js';
import type { Follower, LedgerView } from './ledger-view.js';
import type { PasswordVerdicts } from './password-verdicts.js';
import type { PositionWait } from './position-wait.js';
import type { VerifiedTokens } from './verified-tokens.js';

export interface Measured {
  readonly ledger: LedgerView;
  readonly callers: Callers;
  readonly tokens: VerifiedTokens;
  readonly passwords: PasswordVerdicts;
  readonly proofs: KeyProofs;
  readonly wait: PositionWait;
  readonly counts: DecisionCounts;
  readonly decisionLog: DecisionLog | undefined;
  /** Calls answered on the short way, by method. */
  readonly answered: ReadonlyMap<string, number>;
}

/** What an operator watches of an authorizer. All numbers are read when they are asked for. */
export function addAuthorizerMetrics(
  registry: ReturnType<typeof createRegistry>,
  measured: Measured,
): void {
  const { ledger, callers, tokens, passwords, proofs, wait, counts, answered } = measured;
  const { reader, fold } = ledger;
  const gauge = (name: string, help: string, read: () => number): void =>
    addGauge(registry, `ledgate_authorizer_${name}`, help, read);
  gauge('position', 'Last folded position of ledger L.', () => reader.position);
  gauge('session_position', 'Last folded position of ledger S.', () => ledger.sessionPosition);
  gauge('staleness_seconds', 'Age of the proof that nothing newer was missed.', () =>
    Math.min(ledger.stalenessMs() / 1000, 1e9),
  );
  const readers = (): Follower[] => {
    const { sessionReader } = ledger;
    return sessionReader === undefined ? [reader] : [reader, sessionReader];
  };
  gauge('following', '1 while the state follows the end of both ledgers.', () =>
    readers().every(({ state }) => state === 'following') ? 1 : 0,
  );
  gauge('diverged', '1 while the state is being rebuilt because history changed.', () =>
    readers().some(({ state }) => state === 'diverged') ? 1 : 0,
  );
  gauge('accepted_records', 'Records that count.', () => fold.acceptedRecords);
  gauge('void_records', 'Records without effect.', () => fold.voidRecords);
  gauge('quarantined_keys', 'Keys about which nothing can be decided.', () => {
    return fold.view.quarantined.size + (ledger.sessions?.quarantined.size ?? 0);
  });
  gauge('feature_level', 'What writers of this ledger may use.', () => fold.featureLevel);
  gauge('feature_level_known', 'Highest feature level that this build knows.', () => newestLevel);
  gauge('principals', 'Principals in memory.', () => fold.view.principals.length);
  gauge('sessions', 'Sessions in memory.', () => ledger.sessions?.sessionCount ?? 0);
  gauge('remembered_proofs', 'DPoP proofs that are not taken again.', () => proofs.size);
  gauge('cached_callers', 'Callers whose credential is remembered.', () => callers.size);
  gauge('cached_tokens', 'Verified tokens that are remembered.', () => tokens.size);
  gauge('cached_passwords', 'Verdicts on passwords that are remembered.', () => passwords.size);
  gauge('waiting_calls', 'Calls that wait for a position.', () => wait.waiting);
  addCounter(registry, 'ledgate_authorizer_decisions_total', 'Decisions by outcome and reason.', {
    labels: ['outcome', 'reason'],
    read: () =>
      counts.all().map(({ outcome, reason, count }) => ({ labels: { outcome, reason }, count })),
  });
  addCounter(registry, 'ledgate_authorizer_cache_lookups_total', 'Lookups in caches by result.', {
    labels: ['cache', 'result'],
    read: () =>
      Object.entries({ callers, tokens, passwords }).flatMap(([cache, { cacheUse }]) => [
        { labels: { cache, result: 'hit' }, count: cacheUse.hits },
        { labels: { cache, result: 'miss' }, count: cacheUse.misses },
      ]),
  });
  addDecisionLogMetrics(registry, measured.decisionLog?.channels ?? []);
  addCounter(registry, 'ledgate_authorizer_answered_calls_total', 'Calls answered from memory.', {
    labels: ['method'],
    read: () => [...answered].map(([method, count]) => ({ labels: { method }, count })),
  });
}

function addDecisionLogMetrics(
  registry: ReturnType<typeof createRegistry>,
  channels: readonly Channel[],
): void {
  const counter = (name: string, help: string, read: (channel: Channel) => number): void =>
    addCounter(registry, `ledgate_authorizer_decision_log_${name}_total`, help, {
      labels: ['sink'],
      read: () => channels.map((one) => ({ labels: { sink: one.name }, count: read(one) })),
    });
  counter('lines', 'Lines written to the decision log.', ({ written }) => written);
  counter('dropped', 'Decisions that found no room in the buffer.', ({ dropped }) => dropped);
  counter('errors', 'Writes that failed.', ({ errors }) => errors);
  addGauge(
    registry,
    'ledgate_authorizer_decision_log_buffer_fill',
    'The fullest buffer of the decision log, 0 to 1.',
    () => Math.max(0, ...channels.map(({ fill }) => fill)),
  );
}
