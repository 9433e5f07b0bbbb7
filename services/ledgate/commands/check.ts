import type { Command } from 'commander';
import type {
  AuthorizeRequest,
  Consistency,
  ExplainResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { Decision } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { Failure } from '#libs/errors/failure.js';
import { isApiKey } from '#libs/tokens/api-key.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { ExitCode } from '../cli/exit-code.js';
import { showExplained } from '../cli/explanation.js';
import { timeText } from '../cli/output.js';
import { subjectOf } from '../cli/references.js';

export interface CheckFlags {
  readonly who?: string;
  readonly as?: string;
  readonly fresh?: string;
  readonly full?: boolean;
}

/** `ledgate check`, `explain`, `whoami`, `permissions` */
export function addCheckCommands(program: Command): void {
  question(program.command('check <action> [resource]'))
    .description('may somebody do this? exit code 0: ALLOW, 1: DENY')
    .action(
      withCli(async (cli, action: string, resource: string | undefined, flags: CheckFlags) => {
        const request = await requestOf(cli, action, resource ?? '', flags);
        const answer = await ask(cli.authorizer, 'authorize', request);
        const allowed = answer.decision === Decision.DECISION_ALLOW;
        const { reason, tenantId, principalId: id, decisionId, answered } = answer;
        const { position = 0n, stalenessMs = 0n } = answered ?? {};
        const decision = allowed ? 'ALLOW' : 'DENY';
        const validUntil = timeText(answer.validUntilMs);
        const row = { decision, reason, tenantId, principalId: id, validUntil };
        cli.out.one({ ...row, position, stalenessMs, decisionId });
        process.exitCode = allowed ? ExitCode.OK : ExitCode.NO;
      }),
    );
  question(program.command('explain <action> [resource]'))
    .description('the same, with the grants and the very events it rests on')
    .action(
      withCli(async (cli, action: string, resource: string | undefined, flags: CheckFlags) => {
        const request = await requestOf(cli, action, resource ?? '', flags);
        showExplanation(cli, await ask(cli.authorizer, 'explain', request));
      }),
    );
  program
    .command('whoami [credential]')
    .description('who a credential belongs to; default: your own; exit code 1: nobody')
    .action(
      withCli(async (cli, credential: string | undefined) => {
        const text = credential ?? cli.target.credential ?? '';
        const request = { credential: credentialOf(text), consistency: undefined };
        const answer = await ask(cli.authorizer, 'authenticate', request);
        const { authenticated, reason, identity } = answer;
        const { tenantId, principalId: id, principalKind, roles, scopes } = identity ?? {};
        const row = { authenticated, reason, tenantId, principalId: id, principalKind };
        cli.out.one({ ...row, roles, scopes, expires: timeText(identity?.expiresAtMs ?? 0n) });
        process.exitCode = authenticated ? ExitCode.OK : ExitCode.NO;
      }),
    );
  question(program.command('permissions [resource]'))
    .description('what somebody may do, on a resource or anywhere')
    .action(
      withCli(async (cli, resource: string | undefined, flags: CheckFlags) => {
        const { who, consistency } = await requestOf(cli, '', resource ?? '', flags);
        const rows = [];
        let pageToken = '';
        do {
          const page = { pageSize: 500, pageToken };
          const about = { who, resource: resource ?? '', consistency };
          const answer = await ask(cli.authorizer, 'listPermissions', { ...about, ...page });
          rows.push(...answer.permissions);
          pageToken = answer.nextPageToken;
        } while (pageToken !== '');
        const shown = rows.map(({ permission, resourcePrefixes }) => {
          return { permission, on: resourcePrefixes.map((prefix) => prefix || '(everything)') };
        });
        cli.out.many(shown, 'nothing');
      }),
    );
}

function question(command: Command): Command {
  return command
    .option('--who <user>', 'about this user, by id or login name')
    .option('--as <credential>', 'about whoever holds this API key or token; default: your own')
    .option('--fresh <token>', 'include the write that returned this consistency token')
    .option('--full', 'include everything written before now (costs one append)');
}

async function requestOf(
  cli: Cli,
  action: string,
  resource: string,
  flags: CheckFlags,
): Promise<AuthorizeRequest> {
  return { who: await whoOf(cli, flags), action, resource, consistency: consistencyOf(flags) };
}

/** Whom a question is about. */
export async function whoOf(cli: Cli, flags: CheckFlags): Promise<AuthorizeRequest['who']> {
  if (flags.who === undefined) {
    const credential = credentialOf(flags.as ?? cli.target.credential ?? '');
    return { $case: 'credential', value: credential };
  }
  const { tenantId, principalId } = await subjectOf(cli, flags.who);
  return { $case: 'subject', value: { tenantId, principalId } };
}

function credentialOf(text: string) {
  if (text === '') {
    throw new Failure('INVALID_ARGUMENT', 'about whom? give --who, --as, or a credential');
  }
  const $case = isApiKey(text) ? ('apiKey' as const) : ('bearerToken' as const);
  return { credential: { $case, value: text } };
}

export function consistencyOf({ fresh, full }: CheckFlags): Consistency | undefined {
  if (full) return { requirement: { $case: 'fullyConsistent', value: true } };
  if (fresh === undefined) return undefined;
  return { requirement: { $case: 'atLeastAsFresh', value: fresh } };
}

export function showExplanation(cli: Cli, explained: ExplainResponse): void {
  const { answer } = explained;
  const allowed = answer?.decision === Decision.DECISION_ALLOW;
  const decision: 'ALLOW' | 'DENY' = allowed ? 'ALLOW' : 'DENY';
  const { position, stalenessMs } = answer?.answered ?? {};
  const { reason = '', tenantId, principalId, decisionId } = answer ?? {};
  const head = { decision, reason, tenantId, principalId, position, stalenessMs, decisionId };
  showExplained(cli, head, explained);
}
