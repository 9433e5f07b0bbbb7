import type { DomainEvent } from '#libs/events/catalogue.js';
import { Failure } from '#libs/errors/failure.js';
import type { EventLog, LogRecord } from '#libs/ledger/event-log.js';
import { Judge } from '#libs/ledger/judge.js';
import { MacKeys } from '#libs/ledger/mac.js';
import { PositionWaiters } from '#libs/ledger/position-waiters.js';
import { VerdictWindow } from '#libs/ledger/verdict-window.js';
import { systemRandom } from '#libs/runtime/ids.js';
import type { AccessClaims, LedgerClaim } from '#libs/tokens/access-claims.js';
import { signAccessToken } from '#libs/tokens/sign-access-token.js';
import { generateSigningKey, type SigningKey } from '#libs/tokens/signing-key.js';
import { AccessFold } from '#services/authorizer/app/access-fold.js';
import {
  assemble,
  type AuthorizerApp,
  type Ingredients,
} from '#services/authorizer/app/assemble.js';
import type { Call } from '#services/authorizer/app/call.js';
import type { IdentityPort } from '#services/authorizer/app/identity-port.js';
import type { Follower } from '#services/authorizer/app/ledger-view.js';
import { SessionFold } from '#services/authorizer/app/session-fold.js';
import { SessionLedger } from '#services/authorizer/app/session-ledger.js';
import { ledgerKey, LedgerSeed } from '../../support/authorizer/ledger-seed.js';
import { audience, issuer } from '../../support/authorizer/running-authorizer.js';
import { ManualClock } from '../identity-app/manual-clock.js';

/** A log in memory that one seed writes. */
class MemoryLog implements EventLog {
  readonly name: string;
  readonly records: LogRecord[] = [];

  constructor(name: string) {
    this.name = name;
  }

  async append(values: readonly Uint8Array[]): Promise<number> {
    const first = this.records.length;
    for (const value of values) {
      const position = this.records.length;
      this.records.push({ position, value, control: false, appendedAtMs: 0 });
    }
    return first;
  }
  tail(): AsyncIterable<never> {
    throw new Error('nobody follows this log');
  }
  async read(position: number): Promise<LogRecord | undefined> {
    return this.records[position];
  }
  async end(): Promise<number> {
    return this.records.length;
  }
  async start(): Promise<number> {
    return 0;
  }
  async trim(): Promise<void> {
    throw new Error('nobody trims this log');
  }
  async close(): Promise<void> {}
}

/** A reader that reads when it is told to, and is as stale and as broken as a test wants. */
class HandReader<F extends AccessFold | SessionFold> implements Follower {
  state: Follower['state'] = 'following';
  failure: Failure | undefined;
  ageMs = 0;
  position = -1;
  readonly fold: F;
  readonly #log: MemoryLog;
  readonly #waiters: PositionWaiters;
  readonly #judge: Judge;

  constructor(log: MemoryLog, clock: ManualClock, fold: F) {
    this.fold = fold;
    this.#log = log;
    this.#waiters = new PositionWaiters(clock);
    const keys = new MacKeys(log.name, new Map([[1, Buffer.from(ledgerKey, 'hex')]]));
    this.#judge = new Judge(keys, { window: new VerdictWindow(), sealed: false });
  }

  get window(): VerdictWindow {
    return this.#judge.window;
  }
  stalenessMs(): number {
    return this.ageMs;
  }
  async waitFor(position: number, timeoutMs: number): Promise<boolean> {
    if (this.position >= position) return true;
    return this.#waiters.wait(position, timeoutMs);
  }
  catchUp(): void {
    const judged = this.#log.records
      .slice(this.position + 1)
      .map((record) => this.#judge.judge(record));
    this.fold.apply(judged);
    this.position = this.#log.records.length - 1;
    this.#waiters.reached(this.position);
  }
}

/** What a test says of a token beside its owner. */
export interface TokenChange {
  readonly position?: number;
  readonly scopes?: readonly string[];
  readonly ttlS?: number;
  readonly epoch?: number;
  readonly tokenId?: string;
  readonly inS?: Pick<LedgerClaim, 'sessionPosition' | 'family' | 'issuedInOutage'>;
  readonly claims?: Pick<AccessClaims, 'sessionId' | 'clientId' | 'acr' | 'confirmation'>;
}

/** The application of an authorizer, driven by hand. */
export class AppWorld {
  readonly clock = new ManualClock();
  readonly log: MemoryLog;
  readonly sessionLog: MemoryLog;
  readonly reader: HandReader<AccessFold>;
  readonly sessionReader: HandReader<SessionFold>;
  readonly sessions: SessionLedger;
  readonly signing: SigningKey;
  readonly seed: LedgerSeed;
  readonly sessionSeed: LedgerSeed;
  readonly app: AuthorizerApp;
  readonly #identity: IdentityPort | undefined;

  private constructor(
    log: MemoryLog,
    sessionLog: MemoryLog,
    seed: LedgerSeed,
    sessionSeed: LedgerSeed,
    signing: SigningKey,
    identity: IdentityPort | undefined,
  ) {
    this.log = log;
    this.sessionLog = sessionLog;
    this.reader = new HandReader(log, this.clock, new AccessFold());
    this.sessionReader = new HandReader(sessionLog, this.clock, new SessionFold());
    this.sessions = new SessionLedger({
      log: sessionLog,
      reader: this.sessionReader,
      fold: this.sessionReader.fold,
      clock: this.clock,
    });
    this.seed = seed;
    this.sessionSeed = sessionSeed;
    this.signing = signing;
    this.#identity = identity;
    this.app = this.assemble();
  }

  static async begin(identity?: IdentityPort): Promise<AppWorld> {
    const signing = await generateSigningKey('EdDSA');
    const log = new MemoryLog('auth.ledger.v1');
    const sessionLog = new MemoryLog('auth.session.v1');
    const seed = await LedgerSeed.begin(log);
    const sessionSeed = await LedgerSeed.begin(sessionLog);
    return new AppWorld(log, sessionLog, seed, sessionSeed, signing, identity);
  }

  /** Another application over the same state, whose caches are empty. */
  assemble(decisionLog?: Ingredients['decisionLog']): AuthorizerApp {
    return assemble({
      ...(decisionLog && { decisionLog }),
      log: this.log,
      sessions: this.sessions,
      reader: this.reader,
      fold: this.reader.fold,
      limits: { softMs: 10_000, hardMs: 300_000, sensitiveMs: 15_000 },
      identity: this.#identity,
      issuer,
      audiences: [audience],
      clock: this.clock,
      random: systemRandom,
    });
  }

  /** One record, which the reader has not read yet. */
  async write(tenant: string, ...events: readonly DomainEvent[]): Promise<number> {
    return this.seed.append(events, { tenant });
  }

  /** The same, and the reader has read it. */
  async happen(tenant: string, ...events: readonly DomainEvent[]): Promise<number> {
    const position = await this.write(tenant, ...events);
    this.reader.catchUp();
    return position;
  }

  /** From now on the cell has a ledger S, and the reader follows it. */
  async raise(): Promise<void> {
    await this.seed.raise(3);
    this.reader.catchUp();
    this.sessionReader.catchUp();
  }

  /** One record of S, which the reader has read. */
  async happenInS(tenant: string, ...events: readonly DomainEvent[]): Promise<number> {
    const position = await this.sessionSeed.append(events, { tenant });
    this.sessionReader.catchUp();
    return position;
  }

  publishKey(): Promise<number> {
    const { kid, publicJwk } = this.signing;
    return this.happen(
      'system',
      {
        type: 'SigningKeyPublished',
        kid,
        issuer,
        algorithm: 'EdDSA',
        publicJwk,
        privateKey: { id: 'blob', sha256: 'none' },
        activateNotBeforeMs: 0,
      },
      { type: 'SigningKeyActivated', kid, issuer },
    );
  }

  token(tenant: string, subject: string, more: TokenChange = {}): Promise<string> {
    const nowS = Math.floor(this.clock.wallMs() / 1000);
    const position = more.position ?? this.reader.position;
    return signAccessToken(this.signing, {
      issuer,
      subject,
      tenant,
      audience,
      issuedAtS: nowS,
      expiresAtS: nowS + (more.ttlS ?? 600),
      tokenId: more.tokenId ?? `${subject}-${position}`,
      scopes: more.scopes,
      amr: ['pwd'],
      authTimeS: nowS,
      ledger: {
        epoch: more.epoch ?? 1,
        position,
        authPosition: Math.min(position, this.reader.position),
        credential: `password-of-${subject}`,
        ...more.inS,
      },
      ...more.claims,
    });
  }
}

export function callBy(credential: string | undefined, deadlineMs = Infinity): Call {
  return {
    header: credential === undefined ? '' : `Bearer ${credential}`,
    bearer: () => credential,
    deadlineMs: () => deadlineMs,
  };
}

/** The failure that something throws or rejects with; fails when there is none. */
export async function failureOf(run: () => unknown): Promise<Failure> {
  try {
    await run();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('nothing was refused');
}
