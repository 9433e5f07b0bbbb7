import { Argument, type Command } from 'commander';
import { Decision } from '#proto/ledgate/authorizer/v1/authorizer.js';
import type { PageRequest } from '#proto/ledgate/identity/v1/page.js';
import {
  AccessChange_Kind,
  TimeMachineServiceClient,
  type AccessChange,
  type CheckAtResponse,
  type DiffResponse,
  type GrantWay,
  type HistoryResponse,
  type Moment,
  type Place,
  type WhatCanResponse,
  type WhoCanResponse,
} from '#proto/ledgate/operator/v1/time_machine.js';
import { Failure } from '#libs/errors/failure.js';
import { ask } from '../cli/ask.js';
import type { LedgerId } from '#libs/ledger/ledger-place.js';
import { withCli, type Cli } from '../cli/cli.js';
import { ExitCode } from '../cli/exit-code.js';
import { eventLine, showExplained } from '../cli/explanation.js';
import { timeText } from '../cli/output.js';
import { groupId, principalId, roleId, subjectOf } from '../cli/references.js';
import { ledgerId, pastMoment, whichLedger } from '../cli/values.js';
import { wireLedger } from './checkpoint.js';

/** A state may have to be rebuilt from the beginning of the ledger. */
const patient = { timeoutMs: 120_000 };
const pageSize = 500;
const questions = ['check', 'explain', 'who-can', 'what-can'] as const;
type Question = (typeof questions)[number];

interface PastFlags {
  readonly who?: string;
}

/** `ledgate at`, `who-can`, `what-can`, `diff`, `history` */
export function addPastCommands(program: Command): void {
  program
    .command('at')
    .description(
      'ask about a moment of the past: check ACTION [RESOURCE], explain ACTION [RESOURCE], ' +
        'who-can ACTION [RESOURCE] or what-can USER [RESOURCE]; exit code 1: DENY, nobody, nothing',
    )
    .addArgument(momentArgument('<moment>'))
    .addArgument(new Argument('<question>', 'what is asked').choices(questions))
    .argument('<about>', 'the action, or the user of what-can')
    .argument('[resource]', 'a path; check, explain and who-can: default is the root')
    .option('--who <user>', 'of check and explain: about this user, by id or login name')
    .allowUnknownOption()
    .action(
      withCli(async (cli, at: Moment, question: Question, about: string, ...rest: unknown[]) => {
        const [resource, flags] = rest as [string | undefined, PastFlags];
        refuseOptions(about, resource ?? '');
        await answerAt(cli, at, question, about, resource ?? '', flags);
      }),
    );
  program
    .command('who-can <action> [resource]')
    .description('everybody who may do this now, and by which grants; exit code 1: nobody')
    .action(
      withCli(async (cli, action: string, resource: string | undefined) =>
        whoCan(cli, undefined, action, resource ?? ''),
      ),
    );
  program
    .command('what-can <user> [resource]')
    .description('all that somebody may do now, and where; exit code 1: nothing')
    .action(
      withCli(async (cli, user: string, resource: string | undefined) =>
        whatCan(cli, undefined, user, resource ?? ''),
      ),
    );
  program
    .command('diff')
    .description('what changed in access between two moments, by whom and why')
    .addArgument(momentArgument('<from>'))
    .addArgument(momentArgument('[to]'))
    .option('--who <user>', 'only of this user, by id or login name')
    .allowUnknownOption()
    .action(
      withCli(async (cli, from: Moment, to: Moment | undefined, flags: PastFlags) =>
        diff(cli, from, to, flags),
      ),
    );
  program
    .command('history <of>')
    .description(
      'every event about one thing: an id, a user by login name, role:NAME or group:NAME',
    )
    .option(...whichLedger, ledgerId)
    .action(
      withCli(async (cli, of: string, flags: { ledger?: LedgerId }) =>
        history(cli, of, flags.ledger),
      ),
    );
}

function momentArgument(name: string): Argument {
  const description = 'a time (2026-12-31T12:00:00Z), a time ago (-90s, -2h, -7d) or a position';
  return new Argument(name, description).argParser(pastMoment);
}

/** `-2h` looks like an option, so others are let through to here as well. */
function refuseOptions(...words: readonly string[]): void {
  const option = words.find((word) => word.startsWith('-'));
  if (option !== undefined) throw new Failure('INVALID_ARGUMENT', `unknown option ${option}`);
}

async function answerAt(
  cli: Cli,
  at: Moment,
  question: Question,
  about: string,
  resource: string,
  flags: PastFlags,
): Promise<void> {
  switch (question) {
    case 'check':
    case 'explain':
      return decide(cli, at, question, { action: about, resource, who: flags.who });
    case 'who-can':
      return whoCan(cli, at, about, resource);
    case 'what-can':
      return whatCan(cli, at, about, resource);
  }
}

async function decide(
  cli: Cli,
  at: Moment,
  question: 'check' | 'explain',
  about: { readonly action: string; readonly resource: string; readonly who: string | undefined },
): Promise<void> {
  const { action, resource, who } = about;
  if (who === undefined) throw new Failure('INVALID_ARGUMENT', 'about whom? give --who');
  const { tenantId, principalId: id } = await subjectOf(cli, who);
  const request = { tenantId, principalId: id, action, resource, at };
  const past = cli.identity(TimeMachineServiceClient);
  if (question === 'check') {
    const answer = await ask(past, 'checkAt', request, patient);
    const head = headOf(answer, { tenantId, principalId: id });
    cli.out.one({ ...head, validUntil: timeText(answer.validUntilMs), ...placeRow(answer.place) });
    process.exitCode = head.decision === 'ALLOW' ? ExitCode.OK : ExitCode.NO;
    return;
  }
  const explained = await ask(past, 'explainAt', request, patient);
  const { answer } = explained;
  const head = headOf(answer, { tenantId, principalId: id });
  showExplained(cli, { ...head, ...placeRow(answer?.place) }, explained);
}

function headOf(
  answer: CheckAtResponse | undefined,
  who: { readonly tenantId: string; readonly principalId: string },
) {
  const allowed = answer?.decision === Decision.DECISION_ALLOW;
  const decision: 'ALLOW' | 'DENY' = allowed ? 'ALLOW' : 'DENY';
  return { decision, reason: answer?.reason ?? '', ...who };
}

async function whoCan(
  cli: Cli,
  at: Moment | undefined,
  action: string,
  resource: string,
): Promise<void> {
  const past = cli.identity(TimeMachineServiceClient);
  const about = { tenantId: cli.tenantId, action, resource };
  const answers = await everyPage<WhoCanResponse>((page, first) =>
    ask(past, 'whoCan', { ...about, at: momentOf(first?.place) ?? at, page }, patient),
  );
  const { place, reason, undecided } = answers[0];
  const principals = answers.flatMap((answer) => answer.principals);
  if (principals.length === 0) process.exitCode = ExitCode.NO;
  if (cli.out.json) {
    return cli.out.document({ ...placeRow(place), reason, undecided, principals });
  }
  const rows = principals.flatMap(({ principalId: id, kind, ways }) =>
    ways.map((way) => ({ principal: id, kind, ...wayRow(way) })),
  );
  cli.out.many(rows, reason === '' ? 'nobody' : `nobody (${reason})`);
  if (undecided > 0n) cli.out.say(`LOOK: of ${undecided} more it cannot be told (quarantine)`);
}

function wayRow(way: GrantWay) {
  return {
    role: way.roleName || way.roleId,
    on: way.resourcePrefix || '(everything)',
    group: way.groupName || way.groupId,
    until: timeText(way.expiresAtMs),
    grantedAt: `@${way.grantPosition}`,
  };
}

async function whatCan(
  cli: Cli,
  at: Moment | undefined,
  user: string,
  resource: string,
): Promise<void> {
  const past = cli.identity(TimeMachineServiceClient);
  const { tenantId, principalId: id } = await subjectOf(cli, user);
  const about = { tenantId, principalId: id, resource };
  const answers = await everyPage<WhatCanResponse>((page, first) =>
    ask(past, 'whatCan', { ...about, at: momentOf(first?.place) ?? at, page }, patient),
  );
  const { place, reason } = answers[0];
  const permissions = answers.flatMap((answer) => answer.permissions);
  if (permissions.length === 0) process.exitCode = ExitCode.NO;
  if (cli.out.json) {
    return cli.out.document({ ...placeRow(place), tenantId, principalId: id, reason, permissions });
  }
  const rows = permissions.map(({ permission, resourcePrefixes }) => {
    return { permission, on: resourcePrefixes.map((prefix) => prefix || '(everything)') };
  });
  cli.out.many(rows, reason === '' ? 'nothing' : `nothing (${reason})`);
}

async function diff(
  cli: Cli,
  from: Moment,
  to: Moment | undefined,
  { who }: PastFlags,
): Promise<void> {
  const past = cli.identity(TimeMachineServiceClient);
  const subject =
    who === undefined ? { tenantId: cli.tenantId, principalId: '' } : await subjectOf(cli, who);
  const { tenantId, principalId: id } = subject;
  const about = { tenantId, principalId: id };
  const answers = await everyPage<DiffResponse>((page, first) => {
    const moments = { from: momentOf(first?.from) ?? from, to: momentOf(first?.to) ?? to };
    return ask(past, 'diff', { ...about, ...moments, page }, patient);
  });
  const [{ from: earlier, to: later }] = answers;
  const changes = answers.flatMap((answer) => answer.changes);
  const undecided = answers[0].undecided;
  if (cli.out.json) {
    const shown = changes.map((change) => ({ ...change, kind: kindOf(change) }));
    return cli.out.document({ from: earlier, to: later, undecided, changes: shown });
  }
  if (changes.length === 0) cli.out.say('nothing changed');
  for (const change of changes) {
    const where = change.resourcePrefix || 'everything';
    const line = `${change.principalId} ${change.permission} on ${where}`;
    cli.out.say(`${kindOf(change) === 'GAINED' ? '+' : '-'} ${line}`);
    if (change.events.length === 0)
      cli.out.say('    by time alone: it expired, or came to its time');
    for (const event of change.events) cli.out.say(`    ${eventLine(event)}`);
  }
  if (undecided > 0n) cli.out.say(`LOOK: of ${undecided} it cannot be told (quarantine)`);
}

function kindOf({ kind }: AccessChange): 'GAINED' | 'LOST' {
  return kind === AccessChange_Kind.KIND_LOST ? 'LOST' : 'GAINED';
}

async function history(cli: Cli, of: string, ledger: LedgerId | undefined): Promise<void> {
  const past = cli.identity(TimeMachineServiceClient);
  const id = await idOf(cli, of);
  const answers = await everyPage<HistoryResponse>((page) =>
    ask(past, 'history', { tenantId: cli.tenantId, id, page, ledger: wireLedger(ledger) }, patient),
  );
  const events = answers.flatMap((answer) => answer.events);
  if (cli.out.json) {
    return cli.out.document(events.map(({ event, facts }) => ({ ...event, facts })));
  }
  if (events.length === 0) cli.out.say('nothing is known of it');
  for (const { event, facts } of events) {
    if (event !== undefined) cli.out.say(eventLine(event));
    const told = Object.entries(facts)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}=${value}`);
    if (told.length > 0) cli.out.say(`    ${told.join('  ')}`);
  }
}

async function idOf(cli: Cli, of: string): Promise<string> {
  if (of.startsWith('role:')) return roleId(cli, of.slice('role:'.length));
  if (of.startsWith('group:')) return groupId(cli, of.slice('group:'.length));
  return principalId(cli, of);
}

/** Asks for page after page; `first` is the first answer: the moments that the others must name. */
async function everyPage<R extends { readonly nextPageToken: string }>(
  page: (page: PageRequest, first: R | undefined) => Promise<R>,
): Promise<[R, ...R[]]> {
  const first = await page({ pageSize, pageToken: '' }, undefined);
  const answers: [R, ...R[]] = [first];
  for (let pageToken = first.nextPageToken; pageToken !== '';) {
    const answer = await page({ pageSize, pageToken }, first);
    answers.push(answer);
    pageToken = answer.nextPageToken;
  }
  return answers;
}

function momentOf(place: Place | undefined): Moment | undefined {
  if (place === undefined) return undefined;
  const { position, atMs } = place;
  return position < 0n ? { position: undefined, atMs } : { position, atMs };
}

function placeRow(place: Place | undefined) {
  const { position = -1n, atMs = 0n, chain = '' } = place ?? {};
  return { position, at: timeText(atMs), chain };
}
