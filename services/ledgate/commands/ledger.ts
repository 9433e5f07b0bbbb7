import type { Command } from 'commander';
import type {
  CopyFlags,
  ExportFlags,
  ImportFlags,
} from '../operate/ledger-file/ledger-commands.js';
import { withCli } from '../cli/cli.js';
import { ledgerId, list, whichLedger, whole } from '../cli/values.js';

// What works on the ledger itself is loaded when it is used: most commands only ask a service.

const brokers = [
  '--brokers <list>',
  'Kafka, e.g. 127.0.0.1:9092; default: the environment',
] as const;
const replicas = ['--replication-factor <n>', 'of topics that are created'] as const;
const key = [
  '--audit-key <key>',
  'public audit key that the file must be signed with, base64url',
] as const;

/** `ledgate ledger …` */
export function addLedgerFileCommands(program: Command): void {
  const ledger = program
    .command('ledger')
    .description('back up, move and restore the ledger and its vault');
  ledger
    .command('export <file>')
    .description('write the ledger up to now into one signed file, while it is served')
    .option('--vault', 'with the sealed blobs of the vault: without them nothing can be restored')
    .option(...whichLedger, ledgerId)
    .option(...brokers, list)
    .action(
      withCli(async (cli, file: string, flags: ExportFlags) => {
        const { exportToFile } = await import('../operate/ledger-file/ledger-commands.js');
        await exportToFile(cli, file, flags);
      }),
    );
  ledger
    .command('import <file>')
    .description('fill an empty ledger and its vault from a file, which is verified before')
    .option(...key)
    .option(...brokers, list)
    .option(...replicas, whole)
    .option(...whichLedger, ledgerId)
    .action(
      withCli(async (cli, file: string, flags: ImportFlags) => {
        const { importFromFile } = await import('../operate/ledger-file/ledger-commands.js');
        await importFromFile(cli, file, flags);
      }),
    );
  ledger
    .command('copy')
    .description('move the ledger: copy it, seal it here, and it goes on there where it was')
    .option('--to-data <folder>', 'to the embedded log of this data folder')
    .option('--to-brokers <list>', 'to Kafka, e.g. 127.0.0.1:9092', list)
    .option(...brokers, list)
    .option(...replicas, whole)
    .action(
      withCli(async (cli, flags: CopyFlags) => {
        const { copyToPlace } = await import('../operate/ledger-file/ledger-commands.js');
        await copyToPlace(cli, flags);
      }),
    );
  ledger
    .command('restore <file>')
    .description('import a file and begin a new epoch: every token and key issued before is dead')
    .option(...key)
    .option(...brokers, list)
    .option(...replicas, whole)
    .action(
      withCli(async (cli, file: string, flags: ImportFlags) => {
        const { restoreFromFile } = await import('../operate/ledger-file/ledger-commands.js');
        await restoreFromFile(cli, file, flags);
      }),
    );
}
