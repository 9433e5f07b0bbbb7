import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '#libs/grpc/connect.js';
import { openEmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import { ledgerName } from '#libs/ledger/ledger-place.js';
import {
  authorizerConfigFromEnv,
  authorizerVariables,
  type AuthorizerConfig,
} from '#services/authorizer/config.js';
import { startAuthorizer } from '#services/authorizer/main.js';
import type { OutboxMessage } from '#services/identity/adapters/delivery/dev-outbox.js';
import { identityConfigFromEnv, identityVariables } from '#services/identity/config.js';
import { startIdentity } from '#services/identity/main.js';
import type { Connect } from '../cli/ask.js';
import { profileFile, readProfile, targetVariables } from '../cli/target.js';
import { createAuthorizerKey } from './authorizer-account.js';
import { devHttp } from './dev-http.js';
import { createDemo, type Demo } from './demo.js';

/** A whole Ledgate in one process, on the embedded log. */
export interface RunningDev {
  readonly identity: string;
  readonly authorizer: string;
  /** Address of OAuth and the pages; its name is `issuer`. */
  readonly http: string | undefined;
  readonly issuer: string;
  readonly clusterId: string;
  /** Only when this start made the demo tenant. */
  readonly demo: Demo | undefined;
  close(): Promise<void>;
}

/** What development takes for granted; the environment wins. */
const defaults = {
  LEDGATE_AUDIENCE: 'ledgate',
  LEDGATE_REFLECTION: 'true',
  LEDGATE_LOG_LEVEL: 'warn',
  LEDGATE_OUTBOX: 'true',
};
const readable = { mode: 0o600, flush: true };

export interface DevOptions {
  readonly dataDir: string;
  /** Make the demo tenant on the first start. */
  readonly demo: boolean;
  /** Told of each mail and text message instead of a network. */
  readonly onOutbox?: (message: OutboxMessage) => void;
  /** Wins over the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts identity and the authorizer on the embedded log in `dataDir`, and makes a demo tenant once. */
export async function startDev(options: DevOptions): Promise<RunningDev> {
  const opened: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).reverse()) await one();
  };
  try {
    return { ...(await start(options, (one) => opened.push(one))), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: DevOptions,
  later: (close: () => Promise<unknown>) => void,
): Promise<Omit<RunningDev, 'close'>> {
  const { dataDir } = options;
  const forced = { LEDGATE_LOG: 'embedded', LEDGATE_DATA_DIR: dataDir };
  const given = { ...process.env, ...options.env };
  const env = { ...defaults, ...given, ...devHttp(dataDir, given), ...forced };
  const services = [...Object.keys(identityVariables), ...Object.keys(authorizerVariables)];
  const alsoKnown = [...services, ...targetVariables];
  const config = identityConfigFromEnv({ env, alsoKnown });
  const store = openEmbeddedStore(join(dataDir, 'ledger'));
  later(() => store.close());
  const log = store.log(ledgerName(config));
  const sessionLog = store.log(ledgerName(config, 'S'));
  const { onOutbox = () => undefined } = options;
  const identity = await startIdentity(config, { log, sessionLog, vault: store.vault(), onOutbox });
  later(() => identity.close());
  const connectAs = asHolderOf(join(dataDir, 'bootstrap-api-key'), identity.address);
  const askingKey = await authorizerKey(dataDir, connectAs);
  const derived = {
    LEDGATE_IDENTITY_URL: identity.address,
    ...(askingKey === undefined ? {} : { LEDGATE_IDENTITY_CREDENTIAL: askingKey }),
  };
  const authorizer = await startAuthorizer(
    withNextMetricsPort(authorizerConfigFromEnv({ env: { ...env, ...derived }, alsoKnown })),
    { log, sessionLog },
  );
  later(() => authorizer.close());
  const addresses = { identity: identity.address, authorizer: authorizer.address };
  const known = readProfile(dataDir);
  const first = options.demo && connectAs !== undefined && known.credential === undefined;
  const demo = first ? await createDemo(connectAs) : undefined;
  const credential = demo?.adminKey ?? known.credential;
  const { issuer } = config;
  const profile = {
    ...known,
    ...addresses,
    issuer,
    ...(credential === undefined ? {} : { credential }),
  };
  const file = join(dataDir, profileFile);
  writeFileSync(file, `${JSON.stringify(profile, null, 2)}\n`, readable);
  const { http, clusterId } = identity;
  return { ...addresses, http, issuer, clusterId, demo };
}

/** Two services in one process cannot share a port: identity has the one given, this the next. */
function withNextMetricsPort(config: AuthorizerConfig): AuthorizerConfig {
  const { metricsAddress } = config;
  if (metricsAddress === undefined) return config;
  const colon = metricsAddress.lastIndexOf(':');
  const port = Number(metricsAddress.slice(colon + 1));
  if (port === 0) return config;
  return { ...config, metricsAddress: `${metricsAddress.slice(0, colon)}:${port + 1}` };
}

function asHolderOf(keyFile: string, address: string): Connect | undefined {
  if (!existsSync(keyFile)) return undefined;
  const bearer = readFileSync(keyFile, 'utf8').trim();
  const connection = { address, credentials: undefined, allowPlaintext: false, bearer };
  return (client) => connect(client, connection);
}

/** The key by which the authorizer asks identity about passwords; made once. */
async function authorizerKey(
  dataDir: string,
  connectAs: Connect | undefined,
): Promise<string | undefined> {
  const file = join(dataDir, 'keys', 'authorizer-api-key');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  if (connectAs === undefined) return undefined;
  const key = await createAuthorizerKey(connectAs);
  writeFileSync(file, `${key}\n`, readable);
  return key;
}
