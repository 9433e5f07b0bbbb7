import { Option, type Command } from 'commander';
import {
  EndpointRuleServiceClient,
  type EndpointRule,
} from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import type { Row } from '../cli/output.js';
import { duration, list } from '../cli/values.js';
import { pushRules, type PushFlags } from '../rules/push-rules.js';
import { askedText, draft, kindOf, placeOf, placeText } from '../rules/rule-draft.js';
import { testEndpoint, type TestFlags } from '../rules/test-endpoint.js';

interface RuleFlags {
  readonly api: string;
  readonly permission?: string;
  readonly resource?: string;
  readonly scopes?: string[];
  readonly anyScopes?: string[];
  readonly minAcr?: string;
  readonly maxAuthAge?: number;
  readonly credentials?: string[];
  readonly maxStaleness?: number;
  readonly public?: boolean;
}

/** `ledgate rules …` */
export function addRulesCommands(program: Command): void {
  const rules = program
    .command('rules')
    .description('what a call of each endpoint of an API takes; without a rule it is denied');
  rules
    .command('push <files...>')
    .description('replace the rules of an API by those of OpenAPI 3 documents and descriptors')
    .option('--api <name>', 'whose rules; default: x-ledgate-api of the document')
    .option('--prefix <path>', 'stands before the paths of OpenAPI, e.g. /v1', '')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--yes', 'do not ask')
    .action(withCli((cli, files: string[], flags: PushFlags) => pushRules(cli, files, flags)));
  rules
    .command('list')
    .description('list the APIs that have rules, or the rules of one')
    .option('--api <name>', 'the rules of this API')
    .action(
      withCli((cli, flags: { api?: string }) =>
        flags.api === undefined ? listApis(cli) : listRules(cli, flags.api),
      ),
    );
  demands(onApi(rules.command('set <method> [path]')))
    .description('set the rule of one endpoint: GET /orders/{id}, or /shop.v1.Orders/GetOrder')
    .action(withCli(set));
  onApi(rules.command('remove <method> [path]'))
    .description('remove the rule of one endpoint: it is denied from then on')
    .action(
      withCli(async (cli, method: string, path: string | undefined, { api }: RuleFlags) => {
        const place = placeOf(method, path);
        const request = { options: cli.options, tenantId: cli.tenantId, api, ...place };
        const client = cli.identity(EndpointRuleServiceClient);
        const answer = await ask(client, 'removeEndpointRule', request);
        cli.done(answer.result, {}, `${placeText(place)} has no rule any more`);
      }),
    );
  onApi(rules.command('test <method> [path]'))
    .description('may somebody make this call? exit code 0: ALLOW, 1: DENY')
    .option('--who <user>', 'about this user, by id or login name')
    .option('--as <credential>', 'about whoever holds this API key or token; default: your own')
    .addOption(
      new Option('--anonymous', 'about a call without a credential').conflicts(['who', 'as']),
    )
    .option('--param <name=value...>', 'values of the resource template that are not in the path')
    .option('--explain', 'with the grants and the very events it rests on')
    .option('--fresh <token>', 'include the write that returned this consistency token')
    .option('--full', 'include everything written before now (costs one append)')
    .action(
      withCli((cli, method: string, path: string | undefined, flags: TestFlags) =>
        testEndpoint(cli, method, path, flags),
      ),
    );
}

function onApi(command: Command): Command {
  return command.requiredOption('--api <name>', 'name of the API');
}

function demands(command: Command): Command {
  return command
    .option('--permission <permission>', 'e.g. orders:read; default: none')
    .option('--resource <template>', 'e.g. orders/{id}; default: everything')
    .option('--scopes <scopes>', 'all of them', list)
    .option('--any-scopes <scopes>', 'one of them', list)
    .option('--min-acr <acr>', 'urn:ledgate:acr:1 or urn:ledgate:acr:2')
    .option('--max-auth-age <time>', 'longest time since the login, e.g. 5m', duration)
    .option('--credentials <kinds>', 'e.g. session,access-token; default: any', list)
    .option(
      '--max-staleness <time>',
      'e.g. 5s; default: the limits of tenant and permission',
      duration,
    )
    .option('--public', 'anybody may call it, also without a credential');
}

async function set(
  cli: Cli,
  method: string,
  path: string | undefined,
  flags: RuleFlags,
): Promise<void> {
  const rule: EndpointRule = {
    ...draft(placeOf(method, path)),
    permission: flags.permission ?? '',
    resourceTemplate: flags.resource ?? '',
    allScopes: flags.scopes ?? [],
    anyScopes: flags.anyScopes ?? [],
    minAcr: flags.minAcr ?? '',
    maxAuthAgeMs: BigInt(flags.maxAuthAge ?? 0),
    credentialKinds: (flags.credentials ?? []).map(kindOf),
    public: flags.public ?? false,
    maxStalenessMs: BigInt(flags.maxStaleness ?? 0),
  };
  const { api } = flags;
  const request = { options: cli.options, tenantId: cli.tenantId, api, rule };
  const answer = await ask(cli.identity(EndpointRuleServiceClient), 'setEndpointRule', request);
  cli.done(answer.result, { ruleId: answer.ruleId }, `${placeText(rule)}: ${askedText(rule)}`);
}

async function listRules(cli: Cli, api: string): Promise<void> {
  const request = { tenantId: cli.tenantId, api };
  const answer = await ask(cli.identity(EndpointRuleServiceClient), 'listEndpointRules', request);
  const rows = answer.rules
    .map((rule) => ({ endpoint: placeText(rule), asks: askedText(rule), ruleId: rule.ruleId }))
    .toSorted((a, b) => (a.endpoint < b.endpoint ? -1 : 1));
  cli.out.many(rows, `${api} has no rules: all of it is denied`);
}

async function listApis(cli: Cli): Promise<void> {
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const request = { tenantId: cli.tenantId, page: { pageSize: 500, pageToken } };
    const answer = await ask(cli.identity(EndpointRuleServiceClient), 'listApis', request);
    for (const { name, rules, digest, sourceDigest } of answer.apis) {
      rows.push({ name, rules, digest, source: sourceDigest });
    }
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  cli.out.many(rows, 'no API has rules');
}
