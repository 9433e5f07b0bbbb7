import { LedgerRecords } from '#libs/history/ledger-records.js';
import type { EventLog } from '#libs/ledger/event-log.js';

import type { Clock } from '#libs/runtime/clock.js';
import type { Random } from '#libs/runtime/ids.js';
import type { AccessFold } from './access-fold.js';
import { Authorizer } from './authorizer.js';
import { Callers } from './callers.js';
import { Credentials } from './credentials.js';
import { Decider } from './decider.js';
import { DecisionCounts } from './decision-counts.js';
import { DecisionIds } from './decision-ids.js';
import { DecisionLog, type DecisionLogOptions } from './decision-log/decision-log.js';
import type { IdentityPort } from './identity-port.js';
import { KeyProofs } from './key-proofs.js';
import { LedgerView, type Follower, type StalenessLimits } from './ledger-view.js';
import { PasswordVerdicts } from './password-verdicts.js';
import { PositionWait } from './position-wait.js';
import type { SessionLedger } from './session-ledger.js';
import { VerifiedTokens } from './verified-tokens.js';

export interface Ingredients {
  readonly log: EventLog;
  readonly reader: Follower;
  readonly fold: AccessFold;
  /** Absent: there is no ledger S. */
  readonly sessions?: SessionLedger | undefined;
  readonly limits: StalenessLimits;
  readonly identity: IdentityPort | undefined;
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  /** Absent: decisions are not written down. */
  readonly decisionLog?: Pick<DecisionLogOptions, 'sinks' | 'sample' | 'most' | 'onTrouble'>;
}

/** Everything that answers, put together. */
export interface AuthorizerApp {
  readonly authorizer: Authorizer;
  readonly ledger: LedgerView;
  readonly decider: Decider;
  readonly records: LedgerRecords;
  readonly proofs: KeyProofs;
  readonly callers: Callers;
  readonly tokens: VerifiedTokens;
  readonly passwords: PasswordVerdicts;
  readonly wait: PositionWait;
  readonly counts: DecisionCounts;
  readonly decisionLog: DecisionLog | undefined;
  /** Drops what the caches hold beyond its time. */
  sweep(): void;
}

/** Entries of the session view that one sweep looks at: bounds how long it takes. */
const sessionsSweptAtOnce = 50_000;

export function assemble(from: Ingredients): AuthorizerApp {
  const { log, reader, fold, identity, issuer, audiences, clock, random } = from;
  const ledger = new LedgerView(reader, fold, from.limits, from.sessions);
  const wait = new PositionWait(ledger, clock, identity);
  const tokens = new VerifiedTokens(issuer, audiences);
  const passwords = new PasswordVerdicts(identity, ledger, clock, random);
  const proofs = new KeyProofs();
  const credentials = new Credentials({ ledger, tokens, passwords, wait, proofs, clock });
  const callers = new Callers(ledger, credentials, clock);
  const counts = new DecisionCounts();
  const ids = new DecisionIds(random);
  const own = { ledger, clock, authorizer: ids.instance };
  const decisionLog = from.decisionLog && new DecisionLog({ ...own, ...from.decisionLog });
  const decider = new Decider(ledger, ids, counts, decisionLog);
  const authorizer = new Authorizer({ ledger, callers, credentials, decider, wait, clock });
  const records = new LedgerRecords(log, () => reader.window);
  const sweep = (): void => {
    const nowMs = clock.wallMs();
    for (const cache of [callers, tokens, passwords, proofs]) cache.sweep(nowMs);
    ledger.sessions?.sweep(nowMs, sessionsSweptAtOnce);
  };
  const parts = { authorizer, ledger, decider, records, callers, tokens, passwords, wait, counts };
  return { ...parts, proofs, decisionLog, sweep };
}
