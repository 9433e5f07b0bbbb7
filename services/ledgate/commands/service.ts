import type { Command } from 'commander';
import { authorizerConfigFromEnv, authorizerVariables } from '#services/authorizer/config.js';
import type { OutboxMessage } from '#services/identity/adapters/delivery/dev-outbox.js';
import { identityConfigFromEnv, identityVariables } from '#services/identity/config.js';
import { withCli, type Cli } from '../cli/cli.js';
import { targetVariables } from '../cli/target.js';
import type { RunningDev } from '../operate/dev.js';
import { demoSlug } from '../operate/demo.js';
import { showMessage } from './outbox.js';

// Services are loaded when they are started: most calls of the command line start none.

/** `ledgate dev` and `ledgate up …` */
export function addServiceCommands(program: Command): void {
  program
    .command('dev')
    .description('identity and authorizer in one process, on an embedded log in the data folder')
    .option('--no-demo', 'do not make the demo tenant')
    .action(
      withCli(async (cli, flags: { demo: boolean }) => {
        const { startDev } = await import('../operate/dev.js');
        const onOutbox = (message: OutboxMessage): void => showMessage(cli.out, message);
        const running = await startDev({ dataDir: cli.data, demo: flags.demo, onOutbox });
        announce(running, cli, flags.demo);
        await untilStopped(() => running.close());
      }),
    );
  const up = program.command('up').description('start one service, configured by the environment');
  up.command('identity')
    .description('takes commands, appends events, issues tokens')
    .action(
      withCli(async (cli) => {
        const { startIdentity } = await import('#services/identity/main.js');
        const running = await startIdentity(identityConfigFromEnv(environment(cli.data)));
        await untilStopped(() => running.close());
      }),
    );
  up.command('authorizer')
    .description('answers Authenticate and Authorize from memory')
    .action(
      withCli(async (cli) => {
        const { startAuthorizer } = await import('#services/authorizer/main.js');
        const running = await startAuthorizer(authorizerConfigFromEnv(environment(cli.data)));
        await untilStopped(() => running.close());
      }),
    );
}

/** What a service is told; variables of the other one and of the command line are no typos. */
function environment(dataDir: string) {
  const env = { ...process.env, LEDGATE_DATA_DIR: dataDir };
  const services = [...Object.keys(identityVariables), ...Object.keys(authorizerVariables)];
  return { env, alsoKnown: [...services, ...targetVariables] };
}

/** Resolves after the first SIGTERM or SIGINT, once everything is closed; a second one exits at once. */
function untilStopped(close: () => Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false;
    const stop = (): void => {
      if (stopping) process.exit(1);
      stopping = true;
      close().then(() => resolve(), reject);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
}

/** Tests and `tour` wait for the first line. */
function announce(running: RunningDev, { data, out }: Cli, wanted: boolean): void {
  const { identity, authorizer, http, issuer, clusterId, demo } = running;
  if (out.json) return out.line({ identity, authorizer, http, issuer, clusterId, ...demo }, '');
  out.say(`Ledgate serves: identity ${identity}, authorizer ${authorizer} (ledger in ${data})`);
  if (http !== undefined) out.say(`Pages and OAuth: ${issuer} (${http})`);
  const ledgate = data === './data' ? 'npx ledgate' : `npx ledgate --data ${data}`;
  if (demo === undefined) {
    if (!wanted) return;
    return out.say(`
The demo tenant was made before. Its keys are not shown again; new ones are made by
  ${ledgate} key create alice --name again
  ${ledgate} key create shop --name again`);
  }
  out.say(`
A demo tenant was made. The command line acts as its administrator. Shown this once:
  alice's password            ${demo.alicePassword}
  alice's API key             ${demo.aliceKey}
  API key of the backend      ${demo.backendKey}

Sign in as alice in a browser: ${issuer}/t/${demoSlug}/login

Try next, in another terminal:
  ${ledgate} check orders:read projects/acme/orders/17 --who alice
  ${ledgate} explain orders:read projects/acme/orders/17 --who alice
  ${ledgate} explain orders:refund projects/acme/orders/17 --who alice
  ${ledgate} grant list alice
  ${ledgate} revoke grant <grant id>    and ask again
  ${ledgate} tail --once
  npm run tour`);
}
