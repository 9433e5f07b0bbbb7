import { status } from '@grpc/grpc-js';
import type { Command } from 'commander';
import { Failure } from '#libs/errors/failure.js';
import { RevocationScope, TokenServiceClient } from '#proto/ledgate/identity/v1/token.js';
import { CredentialServiceClient } from '#proto/ledgate/identity/v1/credential.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { timeText } from '../cli/output.js';
import { principalId } from '../cli/references.js';
import { duration, list, secretFromStdin } from '../cli/values.js';
import { revokeGrant } from './grant.js';
import { revokeKey } from './key.js';
import { addTokenLifecycle } from './token-lifecycle.js';

interface TokenFlags {
  readonly audience: string;
  readonly scopes?: string[];
  readonly ttl?: number;
  readonly refresh?: boolean;
}

/** `ledgate token …` */
export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('access tokens');
  token
    .command('login <tenant> <login>')
    .description('exchange a password (standard input) for an access token')
    .option('--audience <audience>', 'default: the default audience', '')
    .option('--scopes <patterns>', 'permission patterns that limit the token', list)
    .action(
      withCli(async (cli, tenant: string, loginName: string, flags: TokenFlags) => {
        const login = ask(cli.identity(TokenServiceClient), 'login', {
          tenant,
          loginName,
          password: await secretFromStdin(),
          audience: flags.audience,
          scopes: flags.scopes ?? [],
        });
        const answer = await login.catch(refusedLogin);
        const { accessToken, principalId: id, mustChangePassword } = answer;
        const expires = timeText(answer.expiresAtMs);
        if (cli.out.json)
          cli.out.one({ accessToken, expires, principalId: id, mustChangePassword });
        else cli.out.say(mustChangePassword ? 'the password must be changed first' : accessToken);
      }),
    );
  token
    .command('issue')
    .description('issue a token for the service account (by API key) or in the session that calls')
    .option('--audience <audience>', 'default: the default audience', '')
    .option('--scopes <patterns>', 'permission patterns that limit the token', list)
    .option('--ttl <time>', 'e.g. 5m; at most 1h', duration)
    .option('--refresh', 'a refresh token too; only in a session')
    .action(
      withCli(async (cli, flags: TokenFlags) => {
        const request = {
          audience: flags.audience,
          scopes: flags.scopes ?? [],
          ttlMs: BigInt(flags.ttl ?? 0),
          withRefreshToken: flags.refresh ?? false,
        };
        const answer = await ask(cli.identity(TokenServiceClient), 'issueToken', request);
        const { accessToken, refreshToken } = answer;
        const expires = timeText(answer.expiresAtMs);
        if (cli.out.json) cli.out.one({ accessToken, refreshToken, expires });
        else cli.out.say(refreshToken === '' ? accessToken : `${accessToken}\n${refreshToken}`);
      }),
    );
  addTokenLifecycle(token);
  token
    .command('jwks')
    .description('the public keys (RFC 7517)')
    .action(
      withCli(async (cli) => {
        const { jwksJson } = await ask(cli.identity(TokenServiceClient), 'getJwks', {});
        process.stdout.write(`${jwksJson}\n`);
      }),
    );
}

/** `ledgate revoke …` */
export function addRevokeCommands(program: Command): void {
  const revoke = program.command('revoke').description('take away, at once, everywhere');
  revoke.command('key <credential>').description('an API key').action(withCli(revokeKey));
  revoke.command('grant <grant>').description('a grant').action(withCli(revokeGrant));
  revoke
    .command('tokens [user]')
    .description('every token and API key issued so far to a user')
    .option('--all', 'to everybody in the tenant, you too: log in again')
    .option('--cell', 'in the whole cell (system tenant only), the keys of authorizers too')
    .action(
      withCli(async (cli, user: string | undefined, flags: { all?: boolean; cell?: boolean }) => {
        const scope = flags.cell
          ? RevocationScope.REVOCATION_SCOPE_ALL
          : flags.all
            ? RevocationScope.REVOCATION_SCOPE_TENANT
            : RevocationScope.REVOCATION_SCOPE_PRINCIPAL;
        const id = user === undefined ? '' : await principalId(cli, user);
        const { options, tenantId } = cli;
        const request = { options, scope, tenantId, principalId: id };
        const answer = await ask(cli.identity(TokenServiceClient), 'revokeTokens', request);
        cli.done(answer.result, {}, 'everything issued before is dead');
      }),
    );
}

/** `ledgate password` and `ledgate signing-key …` */
export function addOwnCommands(program: Command): void {
  program
    .command('password [login]')
    .description(
      'change your own password: current and new one on standard input, a line each; a login name needs --tenant',
    )
    .action(withCli(changePassword));
  const key = program.command('signing-key').description('keys that sign tokens (system tenant)');
  key
    .command('list')
    .description('list signing keys')
    .action(
      withCli(async (cli) => {
        const { keys } = await ask(cli.identity(TokenServiceClient), 'listSigningKeys', {});
        cli.out.many(
          keys.map(({ kid, algorithm, status }) => ({ kid, algorithm, status })),
          'no signing keys',
        );
      }),
    );
  key
    .command('rotate')
    .description('sign with a new key; the old one verifies until its last token has expired')
    .option('--algorithm <name>', 'EdDSA, ES256 or RS256', 'EdDSA')
    .action(
      withCli(async (cli, flags: { algorithm: string }) => {
        const request = { options: cli.options, algorithm: flags.algorithm };
        const answer = await ask(cli.identity(TokenServiceClient), 'rotateSigningKey', request);
        cli.done(answer.result, { kid: answer.kid }, `signing with ${answer.kid}`);
      }),
    );
  for (const verb of ['remove', 'compromise'] as const) {
    key
      .command(`${verb} <kid>`)
      .description(verb === 'remove' ? 'remove a retired key' : 'kill every token it signed')
      .action(
        withCli(async (cli, kid: string) => {
          const client = cli.identity(TokenServiceClient);
          const answer = await ask(client, `${verb}SigningKey`, { options: cli.options, kid });
          cli.done(answer.result, {}, `${kid}: ${verb}d`);
        }),
      );
  }
}

/** The answer does not tell what was wrong (ASVS 6.3.8); it was the password, not an API key. */
function refusedLogin(error: unknown): never {
  if (error instanceof Error && 'code' in error && error.code === status.UNAUTHENTICATED) {
    throw new Failure('CREDENTIALS_REJECTED', 'tenant, login name or password is wrong');
  }
  throw error;
}

async function changePassword(cli: Cli, login: string | undefined): Promise<void> {
  const [currentPassword = '', newPassword = ''] = (await secretFromStdin(2)).split('\n');
  const { options, tenantId } = cli;
  const loginName = login ?? '';
  const request = { options, tenantId, loginName, currentPassword, newPassword };
  const change = ask(cli.identity(CredentialServiceClient), 'changePassword', request);
  const answer = await change.catch(refusedLogin);
  const { sessionToken } = answer;
  const kept = sessionToken === '' ? '' : `; your session goes on with ${sessionToken}`;
  cli.done(answer.result, { sessionToken }, `password changed${kept}`);
}
