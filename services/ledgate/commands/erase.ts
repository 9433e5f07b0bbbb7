import type { Command } from 'commander';
import {
  ErasureState,
  PrincipalServiceClient,
  type Erasure,
} from '#proto/ledgate/identity/v1/principal.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import type { Row } from '../cli/output.js';
import { principalId } from '../cli/references.js';
import { timeText } from '../cli/output.js';

interface EraseFlags {
  readonly delete?: boolean;
  readonly status?: boolean;
}

/** `ledgate erase …` */
export function addEraseCommand(program: Command): void {
  program
    .command('erase <principal>')
    .description('make everything unreadable that was sealed for a deleted principal')
    .option('--delete', 'delete the principal first; nothing of it comes back')
    .option('--status', 'only tell how far an erasure is')
    .action(withCli(erase));
}

async function erase(cli: Cli, name: string, flags: EraseFlags): Promise<void> {
  const client = cli.identity(PrincipalServiceClient);
  const { tenantId } = cli;
  const id = await principalId(cli, name);
  const about = { tenantId, principalId: id };
  if (flags.status) {
    const { erasure } = await ask(client, 'getErasure', about);
    const row = rowOf(id, erasure);
    if (cli.out.json) cli.out.one(row);
    else cli.out.say(lineOf(name, erasure));
    return;
  }
  if (flags.delete) await remove(cli, about);
  const answer = await ask(client, 'eraseSubject', { options: cli.options, ...about });
  cli.done(answer.result, rowOf(id, answer.erasure), lineOf(name, answer.erasure));
}

/** Under an id of its own: that of the command line belongs to the erasure. */
async function remove(
  cli: Cli,
  about: { readonly tenantId: string; readonly principalId: string },
): Promise<void> {
  const client = cli.identity(PrincipalServiceClient);
  const { principal } = await ask(client, 'getPrincipal', { ...about, loginName: '' });
  if (principal?.status === 'DELETED') return;
  const { commandId, reason } = cli.options;
  const options = { commandId: `${commandId}.delete`, reason };
  await ask(client, 'deletePrincipal', { options, ...about });
}

function rowOf(id: string, erasure: Erasure | undefined): Row {
  return {
    principalId: id,
    erasure: word(erasure),
    blobs: erasure?.blobs ?? 0,
    goneAt: timeText(erasure?.goneAtMs ?? 0n),
  };
}

function word(erasure: Erasure | undefined): string {
  if (erasure?.state === ErasureState.ERASURE_STATE_ERASED) return 'erased';
  return erasure?.state === ErasureState.ERASURE_STATE_ERASING ? 'erasing' : 'none';
}

function lineOf(name: string, erasure: Erasure | undefined): string {
  const { goneAtMs = 0n } = erasure ?? {};
  if (word(erasure) === 'none') return `nobody asked to erase ${name}`;
  if (word(erasure) === 'erased') return `${name}: erased`;
  if (goneAtMs === 0n) return `${name}: erasing; ask again with --status`;
  return `${name}: erasing, until ${timeText(goneAtMs)}: readable by nobody, still on disks`;
}
