import { Command, Help, Option } from 'commander';
import { addCheckCommands } from './commands/check.js';
import { addCertificateCommands } from './commands/certificate.js';
import { addCheckpointCommands } from './commands/checkpoint.js';
import { addClientCommands } from './commands/client.js';
import { addConsentCommands } from './commands/consent.js';
import { addEvidenceCommands } from './commands/evidence.js';
import { addEventsCommands } from './commands/events.js';
import { addEraseCommand } from './commands/erase.js';
import { addFactorCommands } from './commands/factor.js';
import { addGrantCommands } from './commands/grant.js';
import { addGroupCommands } from './commands/group.js';
import { addKeyCommands } from './commands/key.js';
import { addLevelCommands } from './commands/level.js';
import { addLoginCommands } from './commands/login.js';
import { addLedgerFileCommands } from './commands/ledger.js';
import { addLedgerCommands, addOperateCommands } from './commands/operate.js';
import { addOutboxCommand } from './commands/outbox.js';
import { addPastCommands } from './commands/past.js';
import { addPermissionCommands, addRoleCommands } from './commands/role.js';
import { addRulesCommands } from './commands/rules.js';
import { addScopeCommands } from './commands/scope.js';
import { addServiceCommands } from './commands/service.js';
import { addSessionCommands } from './commands/session.js';
import { addStateCommands } from './commands/state.js';
import { addTenantCommands } from './commands/tenant.js';
import { addOwnCommands, addRevokeCommands, addTokenCommands } from './commands/token.js';
import { addUpstreamCommands } from './commands/upstream.js';
import { addUserCommands } from './commands/user.js';

/** The whole command line; `main.ts` runs it, docs/cli.md lists it. */
export function createProgram(): Command {
  const program = new Command('ledgate')
    .description('event-sourced authentication and authorization over gRPC')
    .version('0.1.0')
    .configureHelp({ optionDescription })
    .addOption(
      new Option('--data <folder>', 'data folder: ledger, keys, profile of the command line')
        .default('./data')
        .env('LEDGATE_DATA_DIR'),
    )
    .option('--identity <address>', 'host:port of identity [LEDGATE_IDENTITY_URL]')
    .option('--authorizer <address>', 'host:port of the authorizer [LEDGATE_AUTHORIZER_URL]')
    .option(
      '--credential <text>',
      'your API key, session token or access token [LEDGATE_CREDENTIAL]',
    )
    .option(
      '--tenant <id>',
      'id (to log in: or slug) of the tenant; default: your own [LEDGATE_TENANT]',
    )
    .option('--ca <file>', 'PEM of the authority of the servers: use TLS [LEDGATE_CA]')
    .option('--cert <file>', 'PEM of your own certificate [LEDGATE_CERT]')
    .option('--key <file>', 'PEM of its key [LEDGATE_KEY]')
    .option('--reason <text>', 'why; shown by explain and audit')
    .option('--command-id <id>', 'makes a retry of the same command safe; default: a new one')
    .option('--json', 'JSON for programs instead of tables')
    .addHelpText(
      'after',
      `
Exit codes: 0 done, ALLOW · 1 the answer is no (DENY, findings) · 2 wrong words, fields or settings ·
3 your credential is missing or not allowed · 4 not found, exists already, wrong state ·
5 cannot be reached or overloaded, try again · 70 a fault of Ledgate`,
    )
    .exitOverride((error) => {
      process.exit(error.exitCode === 0 ? 0 : 2);
    });
  addServiceCommands(program);
  addOperateCommands(program);
  addLedgerCommands(program);
  addLedgerFileCommands(program);
  addEvidenceCommands(program);
  addCheckpointCommands(program);
  addLevelCommands(program);
  addEventsCommands(program);
  addStateCommands(program);
  addOutboxCommand(program);
  addTenantCommands(program);
  addUserCommands(program);
  addEraseCommand(program);
  addLoginCommands(program);
  addFactorCommands(program);
  addKeyCommands(program);
  addClientCommands(program);
  addCertificateCommands(program);
  addConsentCommands(program);
  addUpstreamCommands(program);
  addRoleCommands(program);
  addPermissionCommands(program);
  addScopeCommands(program);
  addRulesCommands(program);
  addGroupCommands(program);
  addGrantCommands(program);
  addTokenCommands(program);
  addSessionCommands(program);
  addRevokeCommands(program);
  addOwnCommands(program);
  addCheckCommands(program);
  addPastCommands(program);
  return program;
}

/** Without `(default: "")`, which tells nobody anything. */
function optionDescription(option: Option): string {
  return option.defaultValue === '' ? option.description : new Help().optionDescription(option);
}
