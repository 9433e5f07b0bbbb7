import type { Command } from 'commander';
import { ClientServiceClient } from '#proto/ledgate/identity/v1/client.js';
import { ask } from '../cli/ask.js';
import { withCli, type Cli } from '../cli/cli.js';
import { timeText, type Row } from '../cli/output.js';
import { principalId } from '../cli/references.js';
import { moment } from '../cli/values.js';

interface BindFlags {
  readonly name: string;
  readonly spki?: string;
  readonly spiffe?: string;
  readonly expires?: bigint;
}

/** `ledgate certificate …` */
export function addCertificateCommands(program: Command): void {
  const certificate = program
    .command('certificate')
    .description('TLS certificates that authenticate services');
  certificate
    .command('bind <user>')
    .description('bind the key or the SPIFFE id of a certificate to a principal')
    .requiredOption('--name <name>', 'to recognise it by')
    .option('--spki <sha256>', 'SHA-256 of the public key (SubjectPublicKeyInfo), base64url')
    .option('--spiffe <id>', 'SPIFFE id, e.g. spiffe://example.org/gateway')
    .option('--expires <time>', 'ISO time or e.g. 90d; default: never', moment)
    .action(withCli(bind));
  certificate
    .command('remove <credential>')
    .description('end such a binding at once')
    .action(
      withCli(async (cli, credentialId: string) => {
        const { options, tenantId } = cli;
        const request = { options, tenantId, credentialId };
        const answer = await ask(cli.identity(ClientServiceClient), 'removeCertificate', request);
        cli.done(answer.result, {}, 'removed');
      }),
    );
  certificate
    .command('list <user>')
    .description('list the certificates of a principal')
    .action(withCli(list));
}

async function bind(cli: Cli, user: string, flags: BindFlags): Promise<void> {
  const answer = await ask(cli.identity(ClientServiceClient), 'bindCertificate', {
    options: cli.options,
    tenantId: cli.tenantId,
    principalId: await principalId(cli, user),
    name: flags.name,
    spkiSha256: flags.spki ?? '',
    spiffeId: flags.spiffe ?? '',
    expiresAtMs: flags.expires ?? 0n,
  });
  const { credentialId } = answer;
  cli.done(answer.result, { credentialId }, `${flags.name} is credential ${credentialId}`);
}

async function list(cli: Cli, user: string): Promise<void> {
  const id = await principalId(cli, user);
  const rows: Row[] = [];
  let pageToken = '';
  do {
    const page = { pageSize: 500, pageToken };
    const request = { tenantId: cli.tenantId, principalId: id, page };
    const answer = await ask(cli.identity(ClientServiceClient), 'listCertificates', request);
    for (const { expiresAtMs, createdAtMs: _, ...rest } of answer.certificates) {
      rows.push({ ...rest, expires: timeText(expiresAtMs) });
    }
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  cli.out.many(rows, 'no certificates');
}
