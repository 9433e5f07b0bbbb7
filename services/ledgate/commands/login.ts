import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { Failure } from '#libs/errors/failure.js';
import {
  FactorKind,
  LoginServiceClient,
  type FactorAnswer,
  type FactorChoice,
  type LoggedIn,
  type LoginStep,
} from '#proto/ledgate/identity/v1/login.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { StdinLines } from '../cli/stdin-lines.js';

interface LoginFlags {
  readonly recovery?: boolean;
  readonly factor?: string;
  readonly save?: string;
  readonly device?: string;
  readonly remember?: boolean;
}

const { FACTOR_KIND_PASSKEY, FACTOR_KIND_RECOVERY_CODE, FACTOR_KIND_PASSWORD } = FactorKind;
const { FACTOR_KIND_SMS, FACTOR_KIND_EMAIL } = FactorKind;

/** `ledgate login`, `ledgate step-up`, `ledgate reset …`, `ledgate sign-up …` */
export function addLoginCommands(program: Command): void {
  withAnswer(program.command('login <tenant> <login>'))
    .description('log in; password, then code, on standard input; prints the session token')
    .option('--device <token>', 'device token of an earlier log-in from here')
    .option('--remember', 'do not ask for a second factor here again, if the tenant allows that')
    .action(
      withCli((cli, tenant: string, loginName: string, flags: LoginFlags) =>
        withLines((lines) => logIn(cli, lines, { tenant, loginName }, flags)),
      ),
    );
  withAnswer(program.command('step-up'))
    .description('prove a factor again in the session that calls; prints its new token')
    .action(withCli((cli, flags: LoginFlags) => withLines((lines) => stepUp(cli, lines, flags))));
  addMailedLinks(program);
}

function withAnswer(command: Command): Command {
  return command
    .option(
      '--factor <credential>',
      'which factor, by its id; default: the first that can be typed',
    )
    .option('--recovery', 'answer with a recovery code')
    .option('--save <file>', 'write the token to this file (mode 600) instead of printing it');
}

/** Standard input is let go of, whatever happens. */
async function withLines(run: (lines: StdinLines) => Promise<void>): Promise<void> {
  const lines = new StdinLines();
  try {
    await run(lines);
  } finally {
    lines.close();
  }
}

async function logIn(
  cli: Cli,
  lines: StdinLines,
  who: { readonly tenant: string; readonly loginName: string },
  flags: LoginFlags,
): Promise<void> {
  const client = cli.identity(LoginServiceClient);
  const { step } = await ask(client, 'startLogin', {
    ...who,
    password: await lines.next('Password'),
    deviceToken: flags.device ?? '',
    deviceLabel: `ledgate on ${hostname()}`.slice(0, 64),
  });
  if (step?.done !== undefined) return show(cli, step.done, flags);
  refuseUnfinished(step);
  const { ticket, factor } = await choose(client, step, flags);
  const answer = await answerFrom(lines, factor, flags);
  const answered = await ask(client, 'answerFactor', {
    ticket,
    answer,
    credentialId: flags.recovery === true ? '' : factor.credentialId,
    rememberDevice: flags.remember ?? false,
  });
  show(cli, answered.step?.done, flags);
}

function refuseUnfinished(step: LoginStep | undefined): void {
  if (step?.mustChangePassword === true) {
    throw new Failure('WRONG_STATE', 'the password must be changed first: ledgate password');
  }
  if (step?.enrolmentRequired !== true) return;
  const how = `ledgate factor enrol-totp --login-ticket ${step.ticket}`;
  throw new Failure('WRONG_STATE', `the tenant requires a second factor; enrol one by: ${how}`);
}

/** The factor to answer with; a code that has to be sent is sent. */
async function choose(
  client: LoginServiceClient,
  step: LoginStep | undefined,
  flags: LoginFlags,
): Promise<{ readonly ticket: string; readonly factor: FactorChoice }> {
  const { ticket = '', factors = [] } = step ?? {};
  const factor = factors.find(
    ({ kind, credentialId }) =>
      kind !== FACTOR_KIND_PASSKEY &&
      (kind === FACTOR_KIND_RECOVERY_CODE) === (flags.recovery ?? false) &&
      (flags.factor === undefined || flags.factor === credentialId),
  );
  if (factor === undefined) {
    throw new Failure('WRONG_STATE', 'the account has no such factor that can be typed here');
  }
  if (factor.kind !== FACTOR_KIND_SMS && factor.kind !== FACTOR_KIND_EMAIL) {
    return { ticket, factor };
  }
  const { credentialId } = factor;
  const sent = await ask(client, 'chooseFactor', { ticket, credentialId });
  return { ticket: sent.ticket, factor };
}

async function answerFrom(
  lines: StdinLines,
  { kind }: FactorChoice,
  flags: LoginFlags,
): Promise<FactorAnswer> {
  if (kind === FACTOR_KIND_PASSWORD) {
    return { answer: { $case: 'password', value: await lines.next('Password') } };
  }
  return flags.recovery === true
    ? { answer: { $case: 'recoveryCode', value: await lines.next('Recovery code') } }
    : { answer: { $case: 'code', value: await lines.next('Code') } };
}

async function stepUp(cli: Cli, lines: StdinLines, flags: LoginFlags): Promise<void> {
  const client = cli.identity(LoginServiceClient);
  const sessionToken = cli.target.credential ?? '';
  const { step } = await ask(client, 'startStepUp', { sessionToken });
  const { ticket, factor } = await choose(client, step, flags);
  const answer = await answerFrom(lines, factor, flags);
  const credentialId = flags.recovery === true ? '' : factor.credentialId;
  const stepped = await ask(client, 'stepUp', { sessionToken, ticket, answer, credentialId });
  show(cli, stepped.step?.done, flags);
}

/** Shows a finished log-in, or keeps its token where only its owner can read it. */
export function show(
  cli: Cli,
  done: LoggedIn | undefined,
  { save }: Pick<LoginFlags, 'save'>,
): void {
  if (done === undefined) throw new Failure('INTERNAL', 'the log-in is not finished');
  const { tenantId, principalId, sessionId, sessionToken, acr, amr, deviceToken } = done;
  if (save !== undefined) writeFileSync(save, `${sessionToken}\n`, { mode: 0o600 });
  const shown = save === undefined ? { sessionToken } : {};
  const row = { tenantId, principalId, sessionId, acr, amr: amr.join(' '), ...shown, deviceToken };
  if (cli.out.json) cli.out.one(row);
  else cli.out.say(save === undefined ? sessionToken : `logged in; the token is in ${save}`);
}

function addMailedLinks(program: Command): void {
  const reset = program.command('reset').description('forgotten passwords');
  reset
    .command('request <tenant> <login>')
    .description('mail a link that sets a new password, if there is such an account')
    .action(
      withCli(async (cli, tenant: string, loginName: string) => {
        const request = { tenant, loginName, language: '' };
        await ask(cli.identity(LoginServiceClient), 'requestReset', request);
        cli.out.say('if there is such an account with a mail address, a link is on its way');
      }),
    );
  reset
    .command('finish')
    .description('set the password; token of the link and new password on standard input')
    .action(
      withCli((cli) =>
        withLines(async (lines) => {
          const token = await lines.next('Token of the link');
          const newPassword = await lines.next('New password');
          const client = cli.identity(LoginServiceClient);
          const { result } = await ask(client, 'resetPassword', { token, newPassword });
          cli.done(result, {}, 'the password is set');
        }),
      ),
    );
  const signUp = program.command('sign-up').description('accounts that people make themselves');
  signUp
    .command('request <tenant> <mail>')
    .description('mail a link that makes an account, where the tenant allows that')
    .action(
      withCli(async (cli, tenant: string, email: string) => {
        const request = { tenant, email, language: '' };
        await ask(cli.identity(LoginServiceClient), 'requestSignUp', request);
        cli.out.say('a link is on its way');
      }),
    );
  signUp
    .command('finish')
    .description('make the account; token of the link and password on standard input')
    .option('--name <name>', 'display name', '')
    .action(
      withCli((cli, flags: { readonly name: string }) =>
        withLines(async (lines) => {
          const token = await lines.next('Token of the link');
          const password = await lines.next('Password');
          const client = cli.identity(LoginServiceClient);
          const request = { token, password, displayName: flags.name };
          const { result, principalId } = await ask(client, 'signUp', request);
          cli.done(result, { principalId }, `you are ${principalId}`);
        }),
      ),
    );
}
