import type { Command } from 'commander';
import {
  outboxFile,
  outboxMessages,
  type OutboxMessage,
} from '#services/identity/adapters/delivery/dev-outbox.js';
import { withCli } from '../cli/cli.js';
import { timeText, type Output } from '../cli/output.js';
import { whole } from '../cli/values.js';

/** `ledgate outbox` */
export function addOutboxCommand(program: Command): void {
  program
    .command('outbox')
    .description('mails and text messages that a development installation kept instead of sending')
    .option('--last <n>', 'so many of them, newest last', whole, 10)
    .action(
      withCli(async (cli, flags: { last: number }) => {
        const all = outboxMessages(outboxFile(cli.data));
        const messages = flags.last === 0 ? [] : all.slice(-flags.last);
        if (cli.out.json) return cli.out.document(messages);
        for (const message of messages) showMessage(cli.out, message);
        if (messages.length === 0) cli.out.say('nothing was sent');
      }),
    );
}

/** One message, as somebody would read it. */
export function showMessage(out: Output, message: OutboxMessage): void {
  const { atMs, channel, to, subject, text } = message;
  const head = `${timeText(atMs)} ${channel === 'MAIL' ? 'mail' : 'text message'} to ${to}`;
  const body = text.trimEnd().replaceAll(/^/gmu, '  | ');
  out.line({ ...message }, `\n${head}\n${subject === '' ? '' : `  | ${subject}\n  |\n`}${body}`);
}
