import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '#libs/grpc/connect.js';
import { CredentialServiceClient } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceClient } from '#proto/ledgate/identity/v1/grant.js';
import { PrincipalServiceClient } from '#proto/ledgate/identity/v1/principal.js';
import { ask } from '#services/ledgate/cli/ask.js';
import { startDev, type RunningDev } from '#services/ledgate/operate/dev.js';
import { type Demo } from '#services/ledgate/operate/demo.js';

/** Both services on an embedded log, with the demo tenant, as `ledgate dev` starts them. */
export interface RunningLedgate {
  readonly dataDir: string;
  readonly authorizer: string;
  readonly identity: string;
  readonly demo: Demo;
  /** Grants that somebody of the demo tenant holds. */
  readonly grantsOf: (username: string) => Promise<string[]>;
  /** Takes a grant away; gives the consistency token of the write. */
  readonly revokeGrant: (grantId: string) => Promise<string>;
  /** Kills every API key of somebody; gives the consistency token of the last write. */
  readonly revokeKeysOf: (username: string) => Promise<string>;
  /** Grants what `other` holds to `username`, on `resourcePrefix`. */
  readonly grantLike: (
    other: string,
    username: string,
    resourcePrefix: string,
  ) => Promise<{ grantId: string; token: string }>;
  readonly stop: () => Promise<void>;
}

const options = undefined;
const page = { pageSize: 100, pageToken: '' };

function administration({ identity }: RunningDev, { tenantId, adminKey }: Demo) {
  const connection = { address: identity, credentials: undefined, allowPlaintext: false };
  const as = { ...connection, bearer: adminKey };
  const principals = connect(PrincipalServiceClient, as);
  const grants = connect(GrantServiceClient, as);
  const keys = connect(CredentialServiceClient, as);
  const idOf = async (loginName: string): Promise<string> => {
    const request = { tenantId, principalId: '', loginName };
    return (await ask(principals, 'getPrincipal', request)).principal?.principalId ?? '';
  };
  const grantsOf = async (username: string) => {
    const request = { tenantId, principalId: await idOf(username), groupId: '', page };
    return (await ask(grants, 'listGrants', request)).grants;
  };
  return {
    grantsOf: async (username: string) => (await grantsOf(username)).map(({ grantId }) => grantId),
    revokeGrant: async (grantId: string) => {
      const { result } = await ask(grants, 'revokeGrant', { options, tenantId, grantId });
      return result?.consistencyToken ?? '';
    },
    revokeKeysOf: async (username: string) => {
      const request = { tenantId, principalId: await idOf(username), page };
      const { apiKeys } = await ask(keys, 'listApiKeys', request);
      let token = '';
      for (const { credentialId } of apiKeys) {
        const { result } = await ask(keys, 'revokeApiKey', { options, tenantId, credentialId });
        token = result?.consistencyToken ?? '';
      }
      return token;
    },
    grantLike: async (other: string, username: string, resourcePrefix: string) => {
      const [first] = await grantsOf(other);
      const { grantId, result } = await ask(grants, 'grantRole', {
        options,
        tenantId,
        principalId: await idOf(username),
        groupId: '',
        roleId: first?.roleId ?? '',
        resourcePrefix,
        expiresAtMs: 0n,
        ticket: '',
      });
      return { grantId, token: result?.consistencyToken ?? '' };
    },
    close: () => [principals, grants, keys].forEach((client) => client.close()),
  };
}

/** `more` wins over the environment. */
export async function startLedgate(
  more: Readonly<Record<string, string>> = {},
): Promise<RunningLedgate> {
  const dataDir = mkdtempSync(join(tmpdir(), 'ledgate-dev-'));
  const env = { LEDGATE_IDENTITY_ADDR: '127.0.0.1:0', LEDGATE_AUTHORIZER_ADDR: '127.0.0.1:0' };
  const dev = await startDev({ dataDir, demo: true, env: { ...env, ...more } });
  const { identity, authorizer, demo } = dev;
  if (!demo) throw new Error('a new data folder had a demo tenant');
  const { close, ...admin } = administration(dev, demo);
  const stop = async (): Promise<void> => {
    close();
    await dev.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { dataDir, identity, authorizer, demo, ...admin, stop };
}
