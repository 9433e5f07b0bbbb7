import type { EventRef, ExplainResponse } from '#proto/ledgate/authorizer/v1/authorizer.js';
import type { Cli } from './cli.js';
import { ExitCode } from './exit-code.js';
import { timeText, type Row } from './output.js';

/** Shows a decision and what it rests on; exit code 1: DENY. */
export function showExplained(
  cli: Cli,
  head: Row & { readonly decision: 'ALLOW' | 'DENY'; readonly reason: string },
  { paths, summary, events }: Pick<ExplainResponse, 'paths' | 'summary' | 'events'>,
): void {
  const allowed = head.decision === 'ALLOW';
  process.exitCode = allowed ? ExitCode.OK : ExitCode.NO;
  if (cli.out.json) return cli.out.document({ ...head, summary, paths, events });
  cli.out.say(allowed ? summary : `${summary} (${head.reason})`);
  for (const path of paths) {
    const by = path.groupId === '' ? '' : ` by group ${path.groupId}`;
    const where = path.resourcePrefix === '' ? 'everything' : path.resourcePrefix;
    const lacks = path.missing === '' ? '' : `  missing: ${path.missing}`;
    const role = path.roleName || path.roleId;
    cli.out.say(`  role ${role} on ${where}${by} (grant ${path.grantId})${lacks}`);
    for (const event of path.events) cli.out.say(`    ${eventLine(event)}`);
  }
  for (const event of events) cli.out.say(`  ${eventLine(event)}`);
}

/** Where, when, what, by whom, why. */
export function eventLine(event: EventRef): string {
  const who = event.actorPrincipalId === '' ? 'the system' : event.actorPrincipalId;
  const why = event.reason === '' ? '' : `: ${event.reason}`;
  const type = event.type === '' ? 'a record that this build cannot read' : event.type;
  return `@${event.position} ${timeText(event.atMs)} ${type} by ${who}${why}`;
}
