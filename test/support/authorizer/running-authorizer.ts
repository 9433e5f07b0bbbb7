import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { connect } from '#libs/grpc/connect.js';
import { openEmbeddedLog } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { Secret } from '#libs/runtime/secret.js';
import { ErrorInfo } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';
import type { AuthorizerConfig } from '#services/authorizer/config.js';
import {
  startAuthorizer,
  type AuthorizerInjection,
  type RunningAuthorizer,
} from '#services/authorizer/main.js';
import { ledgerKey, LedgerSeed } from './ledger-seed.js';

export const issuer = 'https://ledgate.test';
export const audience = 'https://api.ledgate.test';

export function testConfig(change: Partial<AuthorizerConfig> = {}): AuthorizerConfig {
  return {
    address: '127.0.0.1:0',
    metricsAddress: undefined,
    log: 'embedded',
    dataDir: '/nowhere',
    kafkaBrokers: [],
    topicPrefix: 'auth',
    ledgerKey: new Secret(ledgerKey),
    identity: undefined,
    tls: undefined,
    allowPlaintext: false,
    issuer,
    audiences: [audience],
    reflection: false,
    softStalenessMs: 10_000,
    hardStalenessMs: 300_000,
    sensitiveStalenessMs: 15_000,
    maxConnections: 100,
    drainNoticeMs: 0,
    logLevel: 'silent',
    ...change,
  };
}

/** A unary method as the generated code describes it. */
interface Method<Request, Response> {
  readonly path: string;
  requestSerialize(request: Request): Buffer;
  responseDeserialize(bytes: Buffer): Response;
}

export interface AuthorizerClient {
  call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    bearer?: string,
    deadlineMs?: number,
  ): Promise<Response>;
  /** Sends bytes as they are. */
  callRaw(path: string, bytes: Buffer, bearer?: string, deadlineMs?: number): Promise<Buffer>;
  close(): void;
}

/** A client without any code of ours between the test and the wire. */
export function clientOf(address: string): AuthorizerClient {
  const client = connect(Client, { address, credentials: undefined, allowPlaintext: false });
  const callRaw: AuthorizerClient['callRaw'] = (path, bytes, bearer, deadlineMs = 20_000) => {
    const metadata = new Metadata();
    if (bearer !== undefined) metadata.set('authorization', `Bearer ${bearer}`);
    const same = (buffer: Buffer): Buffer => buffer;
    const options = { deadline: Date.now() + deadlineMs };
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, same, same, bytes, metadata, options, (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(error ?? new Error('no answer'));
      });
    });
  };
  return {
    callRaw,
    call: async (method, request, bearer, deadlineMs) => {
      const bytes = method.requestSerialize(request);
      return method.responseDeserialize(await callRaw(method.path, bytes, bearer, deadlineMs));
    },
    close: () => client.close(),
  };
}

/** What a refused call says: its status code and the closed reason behind it. */
export function refusalOf(thrown: unknown): { code: number; reason: string; text: string } {
  const { code, details, metadata } = thrown as ServiceError;
  const [packed] = metadata.get('grpc-status-details-bin');
  const any = Status.decode(packed as Buffer).details.find(({ typeUrl }) =>
    typeUrl.endsWith('ErrorInfo'),
  );
  const reason = any === undefined ? '' : ErrorInfo.decode(any.value).reason;
  return { code, reason, text: details };
}

/** A log in a folder of its own that is gone when it is closed. */
export function temporaryLog(name = 'auth.ledger.v1'): EventLog {
  const path = mkdtempSync(join(tmpdir(), 'ledgate-authorizer-'));
  const log = openEmbeddedLog({ path, name, idleMs: 100 });
  return {
    name: log.name,
    append: (values) => log.append(values),
    tail: (from, signal) => log.tail(from, signal),
    read: (position) => log.read(position),
    end: () => log.end(),
    start: () => log.start(),
    trim: (before) => log.trim(before),
    close: async () => {
      await log.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

export interface AuthorizerWorld extends AuthorizerClient {
  readonly authorizer: RunningAuthorizer;
  readonly seed: LedgerSeed;
  closeAll(): Promise<void>;
}

/** An authorizer over a seeded ledger. `fill` writes the history that is there before it starts. */
export async function startAuthorizerWorld(
  fill: (seed: LedgerSeed) => Promise<void>,
  options: {
    readonly config?: Partial<AuthorizerConfig>;
    readonly injection?: AuthorizerInjection;
    readonly log?: EventLog;
  } = {},
): Promise<AuthorizerWorld> {
  const log = options.log ?? temporaryLog();
  const sessionLog = temporaryLog('auth.session.v1');
  const seed = await LedgerSeed.begin(log);
  await fill(seed);
  const injection = { log, sessionLog, ...options.injection };
  const authorizer = await startAuthorizer(testConfig(options.config), injection);
  const client = clientOf(authorizer.address);
  return {
    ...client,
    authorizer,
    seed,
    closeAll: async () => {
      client.close();
      await authorizer.close();
      await log.close();
      await sessionLog.close();
    },
  };
}
