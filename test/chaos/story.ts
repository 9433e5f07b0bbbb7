import { status, type ServiceError } from '@grpc/grpc-js';
import { CredentialServiceService as credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as grants } from '#proto/ledgate/identity/v1/grant.js';
import { PrincipalServiceService as principals } from '#proto/ledgate/identity/v1/principal.js';
import { RoleServiceService as roles } from '#proto/ledgate/identity/v1/role.js';
import {
  RevocationScope,
  TokenServiceService as tokens,
} from '#proto/ledgate/identity/v1/token.js';
import type { Method } from '../support/identity/running-identity.js';
import type { SeededRandom } from '../support/ledger/seeded-random.js';
import type { Holding } from './holding.js';

interface Answer {
  readonly result?: { consistencyToken: string; position: bigint; replayed: boolean } | undefined;
}

export interface Teller {
  /** Until it is acknowledged. */
  command<Request extends object, Response extends Answer>(
    method: Method<Request, Response>,
    request: Partial<Request>,
  ): Promise<Response>;
  /** Until it is answered; appends nothing. */
  ask<Request extends object, Response>(
    method: Method<Request, Response>,
    request: Partial<Request>,
    bearer: string,
  ): Promise<Response>;
  readonly random: SeededRandom;
  readonly admin: string;
}

export interface Notes {
  readonly won: Map<string, number>;
  lostSecrets: number;
}

interface Chapter {
  readonly lane: number;
  readonly number: number;
}

const tokenMs = 3_600_000n;

/** A user comes, and changes the password: the former one is dead from then on. */
export async function tellOfPassword(
  teller: Teller,
  holding: Holding,
  { lane, number }: Chapter,
): Promise<void> {
  const username = `u${lane}-${number}`;
  const password = `teapots hum at ${username} today`;
  const made = await teller.command(principals.createUser, { username, password });
  const { principalId } = made;
  Object.assign(holding, { username, password, authenticates: true });
  holding.settle(made.result?.consistencyToken);
  const changed = `${password}, but not tomorrow`;
  holding.unsettle();
  const set = { principalId, password: changed };
  const answer = await teller.command(credentials.setPassword, set);
  Object.assign(holding, { password: changed, formerPassword: password, revoked: true });
  holding.settle(answer.result?.consistencyToken);
}

/** A service account comes, is given a key, a role and a grant, and loses one of them or none. */
export async function tell(
  teller: Teller,
  holding: Holding,
  { lane, number }: Chapter,
  notes: Notes,
): Promise<void> {
  const name = `s${lane}-${number}`;
  holding.resource = `projects/${name}`;
  const made = await teller.command(principals.createServiceAccount, { username: name });
  const { principalId } = made;
  const key = await teller.command(credentials.createApiKey, { principalId, name: 'key' });
  if (!key.secretAvailable) notes.lostSecrets += 1;
  holding.apiKey = key.apiKey;
  holding.authenticates = true;
  await claimSharedRole(teller, number, notes);
  const permissions = ['orders:read'];
  const { roleId } = await teller.command(roles.createRole, { name: `role-${name}`, permissions });
  const resourcePrefix = holding.resource;
  const granted = await teller.command(grants.grantRole, { principalId, roleId, resourcePrefix });
  holding.granted = true;
  holding.settle(granted.result?.consistencyToken);
  if (holding.apiKey !== '' && teller.random.chance(0.3)) {
    const issued = await teller.ask(tokens.issueToken, { ttlMs: tokenMs }, holding.apiKey);
    holding.accessToken = issued.accessToken;
  }
  const { grantId } = granted;
  await endOf(teller, holding, { principalId, grantId, credentialId: key.credentialId });
}

/** All lanes want the same name at about the same time. */
async function claimSharedRole(teller: Teller, number: number, { won }: Notes): Promise<void> {
  const name = `shared-${number}`;
  try {
    await teller.command(roles.createRole, { name, permissions: ['orders:read'] });
    won.set(name, (won.get(name) ?? 0) + 1);
  } catch (error) {
    if ((error as ServiceError).code !== status.ALREADY_EXISTS) throw error;
  }
}

interface Held {
  readonly principalId: string;
  readonly credentialId: string;
  readonly grantId: string;
}

async function endOf(teller: Teller, holding: Holding, held: Held): Promise<void> {
  const draw = teller.random.next();
  if (draw < 0.3) return;
  const { principalId, credentialId, grantId } = held;
  const forKeyAndToken = draw < 0.5 && holding.accessToken !== '';
  holding.unsettle();
  let answer: Answer;
  if (forKeyAndToken) {
    const scope = RevocationScope.REVOCATION_SCOPE_PRINCIPAL;
    answer = await teller.command(tokens.revokeTokens, { scope, principalId });
  } else if (draw < 0.6 && holding.accessToken === '') {
    answer = await teller.command(credentials.revokeApiKey, { credentialId });
  } else if (draw < 0.8) {
    answer = await teller.command(principals.suspendPrincipal, { principalId });
  } else {
    answer = await teller.command(grants.revokeGrant, { grantId });
    holding.granted = false;
  }
  if (holding.granted) holding.authenticates = false;
  holding.revoked = true;
  holding.settle(answer.result?.consistencyToken);
}
