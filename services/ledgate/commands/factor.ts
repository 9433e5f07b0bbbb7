import type { Command } from 'commander';
import { FactorServiceClient, type Factor } from '#proto/ledgate/identity/v1/factor.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { timeText, type Row } from '../cli/output.js';
import { principalId } from '../cli/references.js';
import { secretFromStdin } from '../cli/values.js';
import { show } from './login.js';
import { factorKinds } from './tenant-settings.js';

interface EnrolFlags {
  readonly ticket?: string;
  readonly loginTicket?: string;
  readonly name: string;
  readonly save?: string;
}

/** `ledgate factor …` */
export function addFactorCommands(program: Command): void {
  const factor = program
    .command('factor')
    .description('second factors; to change your own, call with the token of a fresh session');
  factor
    .command('list')
    .description('list the second factors of an account')
    .option('--user <user>', 'by id or login name; default: your own')
    .action(
      withCli(async (cli, { user }: { readonly user?: string }) => {
        const request = {
          tenantId: cli.tenantId,
          principalId: user === undefined ? '' : await principalId(cli, user),
        };
        const answer = await ask(cli.identity(FactorServiceClient), 'listFactors', request);
        const { recoveryCodes, required } = answer;
        const nothing = required ? 'no second factor, but the tenant requires one' : 'no factors';
        cli.out.many(answer.factors.map(rowOf), nothing);
        if (!cli.out.json) cli.out.say(`recovery codes left: ${recoveryCodes}`);
      }),
    );
  factor
    .command('enrol-totp')
    .description(
      'add an authenticator app: first shows its seed; then, with --ticket, takes its code',
    )
    .option('--ticket <ticket>', 'as the first step gave it; the code comes on standard input')
    .option('--login-ticket <ticket>', 'where a log-in demands a factor')
    .option('--name <name>', 'what you call it', '')
    .option('--save <file>', 'with --login-ticket: write the session token to this file (mode 600)')
    .action(withCli(enrolTotp));
  factor
    .command('verify-address <address>')
    .description('verify a login name that an administrator typed: a code goes there')
    .option('--ticket <ticket>', 'as the first step gave it; the code comes on standard input')
    .action(withCli(verifyAddress));
  addChanges(factor);
}

async function verifyAddress(
  cli: Cli,
  value: string,
  { ticket }: { readonly ticket?: string },
): Promise<void> {
  const client = cli.identity(FactorServiceClient);
  if (ticket === undefined) {
    const begun = await ask(client, 'startNameVerification', { value });
    if (cli.out.json) cli.out.one({ ticket: begun.ticket });
    else cli.out.say(`a code is on its way\nticket ${begun.ticket}`);
    return;
  }
  const code = await secretFromStdin();
  const { result } = await ask(client, 'confirmNameVerification', { ticket, code });
  cli.done(result, {}, `${value} is verified`);
}

async function enrolTotp(cli: Cli, flags: EnrolFlags): Promise<void> {
  const client = cli.identity(FactorServiceClient);
  const { ticket, loginTicket = '', name } = flags;
  if (ticket === undefined) {
    const offer = await ask(client, 'startTotp', { loginTicket, algorithm: '', digits: 0 });
    const { uri, seed } = offer;
    if (cli.out.json) cli.out.one({ ticket: offer.ticket, uri, seed });
    else cli.out.say(`seed ${seed}\n${uri}\nticket ${offer.ticket}`);
    return;
  }
  const code = await secretFromStdin();
  const { enrolled } = await ask(client, 'confirmTotp', { ticket, loginTicket, code, name });
  if (enrolled?.done !== undefined) return show(cli, enrolled.done, flags);
  const { credentialId = '' } = enrolled ?? {};
  cli.done(enrolled?.result, { credentialId }, `factor ${credentialId} is enrolled`);
}

function addChanges(factor: Command): void {
  factor
    .command('remove <credential>')
    .description('remove a factor of your own')
    .action(
      withCli(async (cli, credentialId: string) => {
        const client = cli.identity(FactorServiceClient);
        const { result } = await ask(client, 'removeFactor', { credentialId });
        cli.done(result, { credentialId }, `factor ${credentialId} is removed`);
      }),
    );
  factor
    .command('recovery-codes')
    .description('make ten recovery codes, shown this once; those before are dead')
    .action(
      withCli(async (cli) => {
        const client = cli.identity(FactorServiceClient);
        const { result, codes } = await ask(client, 'generateRecoveryCodes', {});
        cli.done(result, { codes: codes.join(' ') }, codes.join('\n'));
      }),
    );
  factor
    .command('reset <user>')
    .description('as an administrator: remove every second factor of somebody')
    .action(
      withCli(async (cli, user: string) => {
        const request = {
          options: cli.options,
          tenantId: cli.tenantId,
          principalId: await principalId(cli, user),
        };
        const { result } = await ask(cli.identity(FactorServiceClient), 'resetFactors', request);
        cli.done(result, {}, `${user} has no second factor now`);
      }),
    );
}

function rowOf({ kind, credentialId, name, createdAtMs, status }: Factor): Row {
  const typed = Object.entries(factorKinds).find(([, number]) => number === kind)?.[0] ?? '';
  return { credentialId, kind: typed, name, status, created: timeText(createdAtMs) };
}
