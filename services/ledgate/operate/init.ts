import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '#libs/grpc/connect.js';
import { createLogger } from '#libs/runtime/log.js';
import { authorizerVariables } from '#services/authorizer/config.js';
import { startIdentity } from '#services/identity/main.js';
import { identityConfigFromEnv } from '#services/identity/config.js';
import type { Output } from '../cli/output.js';
import { targetVariables } from '../cli/target.js';
import { createAuthorizerKey } from './authorizer-account.js';
import { prepareTopics } from './prepare-topics.js';

export interface InitFlags {
  /** Data folder of the founding identity. */
  readonly data: string;
  /** Folder for the two API keys that are shown once. */
  readonly out?: string;
  readonly replicationFactor?: number;
  /** Also the topic for the decisions of authorizers. */
  readonly auditTopic?: boolean;
}

/**
 * Founds a cell: creates Kafka's topics with checked settings, appends GENESIS, the system tenant,
 * its signing key and a first credential, and makes the service account of the authorizers. Safe to
 * repeat: what is there stays, and keys are shown only when they are made.
 */
export async function init(flags: InitFlags, out: Output): Promise<void> {
  const env = { ...process.env, LEDGATE_DATA_DIR: flags.data };
  const alsoKnown = [...Object.keys(authorizerVariables), ...targetVariables];
  const config = { ...identityConfigFromEnv({ env, alsoKnown }), address: '127.0.0.1:0' };
  if (config.log === 'kafka') await prepareTopics(config, flags, out);
  const { metricsAddress: _, tls: __, ...local } = config;
  // Standard output is for the answer.
  const level = 'warn';
  const logger = createLogger({ service: 'identity', level, destination: process.stderr });
  const identity = await startIdentity(
    { ...local, metricsAddress: undefined, tls: undefined, publisher: undefined },
    { bootstrap: true, logger },
  );
  try {
    const { founded, address, clusterId } = identity;
    if (founded === undefined) {
      if (out.json) return out.one({ clusterId, founded: false });
      return out.say(`cell ${clusterId} was founded before`);
    }
    const bearer = founded.apiKey;
    const connection = { address, credentials: undefined, allowPlaintext: false, bearer };
    const authorizerKey = await createAuthorizerKey((client) => connect(client, connection));
    if (flags.out !== undefined) keep(flags.out, bearer, authorizerKey);
    const { adminPrincipal } = founded;
    if (out.json)
      out.one({ clusterId, founded: true, adminPrincipal, apiKey: bearer, authorizerKey });
    else {
      out.say(`cell ${clusterId} is founded. Both keys are shown this once:`);
      out.say(`  first administrator of the system tenant   ${bearer}`);
      out.say(`  authorizers (LEDGATE_IDENTITY_CREDENTIAL)  ${authorizerKey}`);
    }
  } finally {
    await identity.close();
  }
}

function keep(folder: string, apiKey: string, authorizerKey: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const options = { mode: 0o600, flush: true };
  writeFileSync(join(folder, 'bootstrap-api-key'), `${apiKey}\n`, options);
  writeFileSync(join(folder, 'authorizer-api-key'), `${authorizerKey}\n`, options);
}
