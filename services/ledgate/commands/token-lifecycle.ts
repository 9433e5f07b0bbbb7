import type { Command } from 'commander';
import { TokenServiceClient } from '#proto/ledgate/identity/v1/token.js';
import { ask } from '../cli/ask.js';
import { withCli } from '../cli/cli.js';
import { timeText } from '../cli/output.js';
import { list, secretFromStdin } from '../cli/values.js';

/** `ledgate token refresh`, `revoke`, `introspect`: tokens come on standard input. */
export function addTokenLifecycle(token: Command): void {
  token
    .command('refresh')
    .description('exchange a refresh token (standard input) for new tokens')
    .option('--scopes <words>', 'fewer scopes than were granted', list)
    .action(
      withCli(async (cli, flags: { scopes?: string[] }) => {
        const refreshToken = await secretFromStdin();
        const request = { refreshToken, scopes: flags.scopes ?? [] };
        const answer = await ask(cli.identity(TokenServiceClient), 'refreshToken', request);
        const { accessToken, scopes, outage } = answer;
        const expires = timeText(answer.expiresAtMs);
        const row = { accessToken, refreshToken: answer.refreshToken, expires, scopes, outage };
        if (cli.out.json) cli.out.one(row);
        else cli.out.say(`${accessToken}\n${answer.refreshToken}`);
      }),
    );
  token
    .command('revoke')
    .description('end an access token or refresh token (standard input), at once, everywhere')
    .action(
      withCli(async (cli) => {
        const request = { token: await secretFromStdin() };
        await ask(cli.identity(TokenServiceClient), 'revokeToken', request);
        if (cli.out.json) cli.out.one({ revoked: true });
        else cli.out.say('the token is dead, if it was one');
      }),
    );
  token
    .command('introspect')
    .description('whether a token (standard input) is good now, and what it is')
    .action(
      withCli(async (cli) => {
        const request = { token: await secretFromStdin() };
        const answer = await ask(cli.identity(TokenServiceClient), 'introspectToken', request);
        if (!answer.active) {
          cli.out.one({ active: false });
          process.exitCode = 1;
          return;
        }
        const { expiresAtMs, issuedAtMs, authTimeMs, ...rest } = answer;
        cli.out.one({
          ...rest,
          expires: timeText(expiresAtMs),
          issued: issuedAtMs === 0n ? '' : timeText(issuedAtMs),
          authenticated: timeText(authTimeMs),
        });
      }),
    );
}
