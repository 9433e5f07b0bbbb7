import { createLogger } from '#libs/runtime/log.js';
import { authorizerVariables } from '#services/authorizer/config.js';
import type { Bootstrap } from '#services/identity/app/bootstrap.js';
import type { RestoredFrom } from '#services/identity/app/reopen.js';
import { identityConfigFromEnv } from '#services/identity/config.js';
import { startIdentity } from '#services/identity/main.js';
import { targetVariables } from '../../cli/target.js';
import type { PlaceFlags } from '../place.js';

/**
 * Opens an imported ledger in a new epoch, by an identity that serves nobody else. Resolves with the
 * first credential of the epoch; `undefined` when an earlier attempt showed it already. Rejects
 * MISCONFIGURED without the master key that the vault was sealed under.
 */
export async function reopenLedger(
  { data, brokers }: PlaceFlags,
  from: RestoredFrom,
): Promise<Bootstrap | undefined> {
  const env = {
    ...process.env,
    LEDGATE_DATA_DIR: data,
    ...(brokers && { LEDGATE_LOG: 'kafka', LEDGATE_KAFKA_BROKERS: brokers.join(',') }),
  };
  const alsoKnown = [...Object.keys(authorizerVariables), ...targetVariables];
  const config = identityConfigFromEnv({ env, alsoKnown });
  const logger = createLogger({
    service: 'identity',
    level: 'warn',
    destination: process.stderr,
  });
  const identity = await startIdentity(
    { ...config, address: '127.0.0.1:0', metricsAddress: undefined, tls: undefined },
    { bootstrap: false, reopen: from, logger },
  );
  await identity.close();
  return identity.founded;
}
