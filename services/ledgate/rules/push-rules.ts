import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { Failure } from '#libs/errors/failure.js';
import {
  EndpointRuleServiceClient,
  type EndpointRule,
} from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { ask } from '../cli/ask.js';
import type { Cli } from '../cli/cli.js';
import { readSources, type ReadSources } from './read-source.js';
import { askedText, placeText } from './rule-draft.js';
import { diffLines, isEmpty, rulesDiff, type RulesDiff } from './rules-diff.js';

export interface PushFlags {
  readonly api?: string;
  readonly prefix: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/**
 * Reads the files, shows what would change, asks, and replaces all rules of the API at once: if they
 * are still those that were shown.
 */
export async function pushRules(cli: Cli, files: readonly string[], flags: PushFlags) {
  const read = readSources(files, flags.prefix);
  const api = flags.api ?? read.api;
  if (api === undefined) {
    throw new Failure('INVALID_ARGUMENT', 'which API? say --api, or x-ledgate-api in the document');
  }
  const client = cli.identity(EndpointRuleServiceClient);
  const before = await ask(client, 'listEndpointRules', { tenantId: cli.tenantId, api });
  const diff = rulesDiff(before.rules, read.rules);
  if (!cli.out.json) show(cli, api, read, diff);
  const wanted = !isEmpty(diff) && flags.dryRun !== true && (await confirmed(cli, flags, api));
  if (!wanted) return report(cli, api, read, diff, undefined);
  const answer = await ask(client, 'replaceEndpointRules', {
    options: cli.options,
    tenantId: cli.tenantId,
    api,
    replacedDigest: before.digest,
    sourceDigest: read.digest,
    rules: [...read.rules],
  });
  report(cli, api, read, diff, answer);
}

async function confirmed(cli: Cli, { yes }: PushFlags, api: string): Promise<boolean> {
  if (yes === true) return true;
  if (cli.out.json || !process.stdin.isTTY) {
    throw new Failure('INVALID_ARGUMENT', 'nobody is there to ask: say --yes, or --dry-run');
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`Replace the rules of ${api}? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    terminal.close();
  }
}

const colours = { '-': 'red', '+': 'green', '~': 'yellow' } as const;

function show(cli: Cli, api: string, read: ReadSources, diff: RulesDiff): void {
  for (const [mark, text] of diffLines(diff)) {
    cli.out.say(coloured(`${mark} ${text}`, colours[mark as keyof typeof colours]));
  }
  const { added, removed, changed, same } = diff;
  const counts = [
    `${added.length} added`,
    `${removed.length} removed`,
    `${changed.length} changed`,
    `${same} as before`,
  ];
  cli.out.say(`${api}: ${counts.join(', ')}`);
  for (const endpoint of read.closed) cli.out.say(`denied, as nothing is said of it: ${endpoint}`);
  for (const note of read.notes) cli.out.say(`note: ${note}`);
}

/** Colours for a terminal, unless NO_COLOR (no-color.org) says otherwise. */
function coloured(text: string, colour: 'red' | 'green' | 'yellow'): string {
  const plain = !process.stdout.isTTY || (process.env['NO_COLOR'] ?? '') !== '';
  return plain ? text : styleText(colour, text);
}

function report(
  cli: Cli,
  api: string,
  { closed, notes }: ReadSources,
  diff: RulesDiff,
  answer: { result: Parameters<Cli['done']>[0]; digest: string } | undefined,
): void {
  const pushed = answer !== undefined;
  if (!cli.out.json) {
    if (pushed) cli.done(answer.result, {}, `the rules of ${api} are replaced`);
    else cli.out.say(isEmpty(diff) ? 'there is nothing to change' : 'nothing was changed');
    return;
  }
  const { position = 0n, consistencyToken = '' } = answer?.result ?? {};
  cli.out.document({
    api,
    added: diff.added.map(shown),
    removed: diff.removed.map(shown),
    changed: diff.changed,
    same: diff.same,
    denied: closed,
    notes,
    pushed,
    ...(pushed ? { digest: answer.digest, position, consistencyToken } : {}),
  });
}

const shown = (rule: EndpointRule) => ({ endpoint: placeText(rule), asks: askedText(rule) });
