import type { Command } from 'commander';
import { SessionServiceClient, type Session } from '#proto/ledgate/identity/v1/session.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { timeText, type Row } from '../cli/output.js';
import { principalId } from '../cli/references.js';

interface Whose {
  readonly user?: string;
}

const ofUser = ['--user <user>', 'of this user, by id or login name; default: your own'] as const;

/** `ledgate session …` */
export function addSessionCommands(program: Command): void {
  const session = program.command('session').description('who is logged in where, and its end');
  session
    .command('list')
    .description('list the sessions that are valid now, the newest first')
    .option(...ofUser)
    .action(
      withCli(async (cli, flags: Whose) => {
        const owner = await ownerOf(cli, flags);
        const rows: Row[] = [];
        let pageToken = '';
        do {
          const request = { ...owner, page: { pageSize: 500, pageToken } };
          const answer = await ask(cli.identity(SessionServiceClient), 'listSessions', request);
          rows.push(...answer.sessions.map(rowOf));
          pageToken = answer.nextPageToken;
        } while (pageToken !== '');
        cli.out.many(rows, 'no sessions');
      }),
    );
  session
    .command('get [session]')
    .description('show one session; default: the one that calls')
    .option(...ofUser)
    .action(
      withCli(async (cli, sessionId: string | undefined, flags: Whose) => {
        const request = { ...(await ownerOf(cli, flags)), sessionId: sessionId ?? '' };
        const answer = await ask(cli.identity(SessionServiceClient), 'getSession', request);
        if (answer.session !== undefined) cli.out.one(detailsOf(answer.session));
      }),
    );
  addEndings(session);
}

function addEndings(session: Command): void {
  session
    .command('end [session]')
    .description('end a session, its tokens and its refresh tokens; default: the one that calls')
    .option(...ofUser)
    .action(
      withCli(async (cli, sessionId: string | undefined, flags: Whose) => {
        const request = { ...(await commandOn(cli, flags)), sessionId: sessionId ?? '' };
        const answer = await ask(cli.identity(SessionServiceClient), 'endSession', request);
        cli.done(answer.result, {}, 'the session has ended');
      }),
    );
  session
    .command('end-others [session]')
    .description('end all sessions but this one; default: but the one that calls')
    .option(...ofUser)
    .action(
      withCli(async (cli, sessionId: string | undefined, flags: Whose) => {
        const request = { ...(await commandOn(cli, flags)), sessionId: sessionId ?? '' };
        const answer = await ask(cli.identity(SessionServiceClient), 'endOtherSessions', request);
        const { ended } = answer;
        cli.done(answer.result, { ended }, `ended: ${ended}`);
      }),
    );
  session
    .command('end-all')
    .description('end all sessions, and every token that was issued until now; API keys go on')
    .option(...ofUser)
    .action(
      withCli(async (cli, flags: Whose) => {
        const request = await commandOn(cli, flags);
        const answer = await ask(cli.identity(SessionServiceClient), 'endAllSessions', request);
        cli.done(answer.result, {}, 'every session has ended');
      }),
    );
  session
    .command('extend')
    .description('keep the session that calls from going idle')
    .action(
      withCli(async (cli) => {
        const answer = await ask(cli.identity(SessionServiceClient), 'extendSession', {});
        if (answer.session !== undefined) cli.out.one(detailsOf(answer.session));
      }),
    );
}

async function ownerOf(cli: Cli, { user }: Whose) {
  const { tenantId } = cli;
  return { tenantId, principalId: user === undefined ? '' : await principalId(cli, user) };
}

async function commandOn(cli: Cli, whose: Whose) {
  return { options: cli.options, ...(await ownerOf(cli, whose)) };
}

function rowOf(session: Session): Row {
  return {
    session: session.sessionId,
    label: session.label,
    client: session.clientId,
    acr: session.acr,
    started: timeText(session.startedAtMs),
    idleUntil: timeText(session.idleUntilMs),
    current: session.current,
  };
}

function detailsOf(session: Session): Row {
  return {
    ...rowOf(session),
    principal: session.principalId,
    amr: session.amr,
    authenticated: timeText(session.authTimeMs),
    expires: timeText(session.expiresAtMs),
    address: session.address,
    userAgent: session.userAgent,
  };
}
