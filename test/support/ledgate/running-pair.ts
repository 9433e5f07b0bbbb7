import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '#libs/grpc/connect.js';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import type { Vault } from '#libs/ledger/vault.js';
import { ledgerName } from '#libs/ledger/ledger-place.js';
import { createLogger } from '#libs/runtime/log.js';
import { Secret } from '#libs/runtime/secret.js';
import {
  AuthorizerServiceService as Authorizer,
  type AuthenticateResponse,
  type AuthorizeRequest,
  type AuthorizeResponse,
  type Consistency,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import type { AuthorizerConfig } from '#services/authorizer/config.js';
import { startAuthorizer } from '#services/authorizer/main.js';
import type { IdentityConfig } from '#services/identity/config.js';
import { createAuthorizerKey } from '#services/ledgate/operate/authorizer-account.js';
import {
  clientOf,
  testConfig as authorizerTestConfig,
  type AuthorizerClient,
} from '../authorizer/running-authorizer.js';
import {
  startWorld,
  temporaryFolder,
  testConfig as identityTestConfig,
  type World,
} from '../identity/running-identity.js';

export interface Question {
  readonly who: AuthorizeRequest['who'];
  readonly action?: string;
  readonly resource?: string;
  readonly consistency?: Consistency;
}

/** Both services over gRPC, on one embedded log in a folder of its own. */
export interface Pair extends World {
  readonly dataDir: string;
  readonly log: EventLog;
  readonly sessionLog: EventLog;
  readonly vault: Vault;
  /** Every line that both have logged, at level trace. */
  readonly logged: string[];
  readonly metricsUrls: readonly string[];
  readonly authorizerAddress: string;
  /** Key by which the authorizer asks identity. */
  readonly authorizerKey: string;
  readonly authorizer: AuthorizerClient;
  /** Asks the authorizer; unless the question says otherwise everything written before counts. */
  authorize(question: Question, bearer: string): Promise<AuthorizeResponse>;
  authenticate(who: Question['who'], bearer: string): Promise<AuthenticateResponse>;
}

export interface PairOptions {
  readonly identity?: Partial<IdentityConfig>;
  readonly authorizer?: Partial<AuthorizerConfig>;
  /** Default: a new one that is gone when the pair is closed. */
  readonly dataDir?: string;
}

const fresh: Consistency = { requirement: { $case: 'fullyConsistent', value: true } };

export const byToken = (value: string): Question['who'] => ({
  $case: 'credential',
  value: { credential: { $case: 'bearerToken', value } },
});
export const byKey = (value: string): Question['who'] => ({
  $case: 'credential',
  value: { credential: { $case: 'apiKey', value } },
});
export const byPassword = (
  tenant: string,
  username: string,
  password: string,
): Question['who'] => ({
  $case: 'credential',
  value: { credential: { $case: 'basic', value: { tenant, username, password } } },
});
export const bySubject = (tenantId: string, principalId: string): Question['who'] => ({
  $case: 'subject',
  value: { tenantId, principalId },
});

export async function startPair(options: PairOptions = {}): Promise<Pair> {
  const folder = temporaryFolder();
  const dataDir = options.dataDir ?? folder.path;
  const common = { metricsAddress: '127.0.0.1:0', logLevel: 'trace' } as const;
  const config = identityTestConfig(dataDir, { ...common, ...options.identity });
  const store = openEmbeddedStore(join(dataDir, 'ledger'));
  const log = store.log(ledgerName(config));
  const sessionLog = store.log(ledgerName(config, 'S'));
  const vault = store.vault();
  const logged: string[] = [];
  const destination = { write: (line: string) => void logged.push(line) };
  const loggerOf = (service: string) => createLogger({ service, level: 'trace', destination });
  const world = await startWorld(config, {
    log,
    sessionLog,
    vault,
    logger: loggerOf('identity'),
  });
  const { address } = world.identity;
  const authorizerKey = await keyOfAuthorizer(address, dataDir);
  const running = await startAuthorizer(
    authorizerTestConfig({
      ...common,
      dataDir,
      ledgerKey: new Secret(readFileSync(join(dataDir, 'keys', 'ledger.key'), 'utf8').trim()),
      identity: { address, credential: new Secret(authorizerKey) },
      ...options.authorizer,
    }),
    { log, sessionLog, logger: loggerOf('authorizer') },
  );
  const authorizer = clientOf(running.address);
  const ports = [world.identity.metricsPort, running.metricsPort];
  return {
    ...world,
    dataDir,
    log,
    sessionLog,
    vault,
    logged,
    metricsUrls: ports.map((port) => `http://127.0.0.1:${port}/metrics`),
    authorizerAddress: running.address,
    authorizerKey,
    authorizer,
    authorize: (question, bearer) => {
      const { action = '', resource = '', consistency = fresh } = question;
      const request = { who: question.who, action, resource, consistency };
      return authorizer.call(Authorizer.authorize, request, bearer);
    },
    authenticate: (who, bearer) => {
      const credential = who?.$case === 'credential' ? who.value : undefined;
      const request = { credential, consistency: fresh };
      return authorizer.call(Authorizer.authenticate, request, bearer);
    },
    close: async () => {
      authorizer.close();
      await running.close();
      await world.close();
      await store.close();
      if (options.dataDir === undefined) folder.remove();
    },
  };
}

function keyOfAuthorizer(address: string, dataDir: string): Promise<string> {
  const bearer = readFileSync(join(dataDir, 'bootstrap-api-key'), 'utf8').trim();
  const connection = { address, credentials: undefined, allowPlaintext: false, bearer };
  return createAuthorizerKey((client) => connect(client, connection));
}
