import { InvalidArgumentError } from 'commander';
import { Failure } from '#libs/errors/failure.js';
import { ledgerIds, type LedgerId } from '#libs/ledger/ledger-place.js';
import type { Moment } from '#proto/ledgate/operator/v1/time_machine.js';

const units = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `90s`, `15m`, `12h`, `30d` → ms. */
export function duration(text: string): number {
  const match = /^(\d{1,6})([smhd])$/.exec(text);
  const unit = match?.[2] as keyof typeof units | undefined;
  if (!match || !unit) throw new InvalidArgumentError('Write e.g. 90s, 15m, 12h or 30d.');
  return Number(match[1]) * units[unit];
}

/** An ISO time, or a duration from now, → Unix ms. */
export function moment(text: string): bigint {
  if (/^\d{1,6}[smhd]$/.test(text)) return BigInt(Date.now() + duration(text));
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError('Write a time such as 2026-12-31T12:00:00Z, or e.g. 30d.');
  }
  return BigInt(ms);
}

/** A moment of the past: an ISO time, a time ago (`-2h`), or a position of the ledger. */
export function pastMoment(text: string): Moment {
  if (/^\d{1,15}$/.test(text)) return { position: BigInt(text), atMs: undefined };
  if (/^-\d{1,6}[smhd]$/.test(text)) {
    return { position: undefined, atMs: BigInt(Date.now() - duration(text.slice(1))) };
  }
  const ms = /^\d{4}-\d{2}-\d{2}T/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError(
      'Write a time such as 2026-12-31T12:00:00Z, a time ago such as -2h, or a position.',
    );
  }
  return { position: undefined, atMs: BigInt(ms) };
}

/** A whole number, 0 or more. */
export function whole(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Write a whole number.');
  return Number(text);
}

export const whichLedger = ['--ledger <ledger>', 'L (state) or S (sessions); default: L'] as const;

/** `L` or `S`. */
export function ledgerId(text: string): LedgerId {
  const id = ledgerIds.find((one) => one === text.toUpperCase());
  if (id === undefined) throw new InvalidArgumentError('Write L (state) or S (sessions).');
  return id;
}

export function list(text: string): string[] {
  return text.split(',').map((one) => one.trim());
}

/** The first lines of standard input: how secrets come in (never on the command line). */
export async function secretFromStdin(lines = 1): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write('Password (visible while you type): ');
  let text = '';
  for await (const chunk of process.stdin) {
    text += String(chunk);
    if (text.split('\n').length > lines) break;
  }
  const secret = text.split(/\r?\n/, lines);
  if (secret.length < lines || secret.includes('')) {
    throw new Failure('INVALID_ARGUMENT', 'no password on standard input: pipe it in');
  }
  return secret.join('\n');
}
