import { randomUUID } from 'node:crypto';
import type { ChannelCredentials, Client } from '@grpc/grpc-js';
import type { Command } from 'commander';
import { clientTls } from '#libs/grpc/tls.js';
import { connect, type ClientConstructor } from '#libs/grpc/connect.js';
import { createLogger } from '#libs/runtime/log.js';
import { AuthorizerServiceClient } from '#proto/ledgate/authorizer/v1/authorizer.js';
import type { CommandOptions, CommandResult } from '#proto/ledgate/identity/v1/command.js';
import { reportFailure } from './failure-report.js';
import { Output, type Row } from './output.js';
import { resolveTarget, type Target, type TargetFlags } from './target.js';

interface GlobalFlags extends TargetFlags {
  readonly json?: boolean;
  readonly reason?: string;
  readonly commandId?: string;
}

/** What every command of the command line has at hand. */
export class Cli {
  readonly target: Target;
  readonly out: Output;
  readonly #flags: GlobalFlags;
  readonly #credentials: ChannelCredentials | undefined;
  readonly #open: Client[] = [];

  constructor(flags: GlobalFlags, target: Target, credentials: ChannelCredentials | undefined) {
    this.#flags = flags;
    this.target = target;
    this.#credentials = credentials;
    this.out = new Output(flags.json ?? false, (text) => process.stdout.write(text));
  }

  /** A client of one of identity's services. */
  identity<C extends Client>(client: ClientConstructor<C>): C {
    return this.#connect(client, this.target.identity);
  }

  get authorizer(): AuthorizerServiceClient {
    return this.#connect(AuthorizerServiceClient, this.target.authorizer);
  }

  /** Tenant that the command is about; empty: the caller's own. */
  get tenantId(): string {
    return this.target.tenant ?? '';
  }

  /** Rides on each command: why, and an id that makes a retry safe. */
  get options(): CommandOptions {
    const { reason = '', commandId = randomUUID() } = this.#flags;
    return { commandId, reason };
  }

  /** The data folder. */
  get data(): string {
    return this.#flags.data;
  }

  /** Prints what a command made; of a revocation that the ledger could not take yet, that it is held. */
  done(result: CommandResult | undefined, row: Row, line: string): void {
    const { position = 0n, consistencyToken = '', replayed = false } = result ?? {};
    const held = position < 0n;
    if (this.out.json) {
      return this.out.one({ ...row, position, consistencyToken, replayed, ...(held && { held }) });
    }
    const before = replayed ? ` (done before, at ${position})` : '';
    this.out.say(`${line}${held ? heldText : before}`);
  }

  close(): void {
    for (const client of this.#open) client.close();
  }

  #connect<C extends Client>(client: ClientConstructor<C>, address: string): C {
    const { credential } = this.target;
    const made = connect(client, {
      address,
      credentials: this.#credentials,
      allowPlaintext: false,
      ...(credential === undefined ? {} : { bearer: credential }),
    });
    this.#open.push(made);
    return made;
  }
}

/** Turns a handler into a commander action: connects, runs, closes, reports, sets the exit code. */
export function withCli<Args extends unknown[]>(
  handler: (cli: Cli, ...args: Args) => Promise<void>,
): (...args: [...Args, Command]) => Promise<void> {
  return async (...args) => {
    const command = args.at(-1) as Command;
    const flags = command.optsWithGlobals<GlobalFlags>();
    let target: Target | undefined;
    try {
      target = resolveTarget(flags, process.env);
      const cli = new Cli(flags, target, await credentialsOf(target));
      try {
        await handler(cli, ...(args.slice(0, -1) as Args));
      } finally {
        cli.close();
      }
    } catch (error) {
      const report = reportFailure(error, target);
      process.stderr.write(`ledgate: ${report.text}\n`);
      process.exitCode = report.exitCode;
    }
  };
}

async function credentialsOf(target: Target): Promise<ChannelCredentials | undefined> {
  const { ca, cert, key } = target;
  if (ca === undefined && cert === undefined) return undefined;
  const files = {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined || key === undefined ? {} : { certFile: cert, keyFile: key }),
  };
  const destination = process.stderr;
  const log = createLogger({ service: 'ledgate', level: 'error', destination });
  const tls = await clientTls(files, log);
  tls.close();
  return tls.credentials;
}

const heldText =
  ' (held: the ledger cannot be written now. It is heeded from now on, and recorded as soon as possible)';
