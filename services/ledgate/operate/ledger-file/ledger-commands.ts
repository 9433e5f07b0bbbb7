import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '#libs/errors/failure.js';
import { macKeysOf } from '#libs/ledger/open-ledger.js';
import { ledgerName, type LedgerId, type LedgerPlace } from '#libs/ledger/ledger-place.js';
import { LedgerServiceClient } from '#proto/ledgate/operator/v1/ledger.js';
import { ask } from '../../cli/ask.js';
import type { Cli } from '../../cli/cli.js';
import { ExitCode } from '../../cli/exit-code.js';
import { ledgerPlaceOf, openStoresOf, requireThere, type StoresAccess } from '../place.js';
import { wireLedger } from '../../commands/checkpoint.js';
import { prepareTopics } from '../prepare-topics.js';
import { withProgressBar } from '../verify.js';
import { copyLedger } from './copy-ledger.js';
import { copySessions, requireWhole } from './copy-sessions.js';
import { exportLedger, type FileSigner } from './export-ledger.js';
import { importLedger, type Imported } from './import-ledger.js';
import { openLedgerFile, type LedgerFile } from './ledger-file.js';
import { reopenLedger } from './restore-ledger.js';
import { requireProved, verifyFile, type FileVerification } from './verify-file.js';

interface BrokersFlag {
  readonly brokers?: string[];
}

interface LedgerFlag extends BrokersFlag {
  readonly ledger?: LedgerId;
}

export interface ExportFlags extends LedgerFlag {
  readonly vault?: boolean;
}

export interface ImportFlags extends LedgerFlag {
  readonly auditKey?: string;
  readonly replicationFactor?: number;
}

export interface CopyFlags extends BrokersFlag {
  readonly toData?: string;
  readonly toBrokers?: string[];
  readonly replicationFactor?: number;
}

/** `ledgate ledger export` */
export async function exportToFile(cli: Cli, path: string, flags: ExportFlags): Promise<void> {
  const place = ledgerPlaceOf({ data: cli.data, brokers: flags.brokers });
  requireThere(place);
  const stores = openStoresOf(place);
  const { ledger = 'L' } = flags;
  if (ledger === 'S' && flags.vault === true) {
    throw new Failure('INVALID_ARGUMENT', 'ledger S names nothing in the vault: leave out --vault');
  }
  try {
    const made = await watched(cli, 'exporting', (onProgress) =>
      exportLedger({
        log: ledger === 'L' ? stores.log : stores.sessionLog,
        ...(flags.vault === true ? { vault: stores.vault } : {}),
        signer: signerOf(cli, ledger),
        path,
        onProgress,
      }),
    );
    cli.out.one({ file: path, ...made });
    if (flags.vault !== true && ledger === 'L') {
      cli.out.say('without the vault: keep it elsewhere, or export again with --vault');
    }
  } finally {
    await stores.close();
  }
}

/** `ledgate verify <file>` */
export async function verifyAFile(cli: Cli, path: string, flags: ImportFlags): Promise<void> {
  const file = await openLedgerFile(path);
  const found = await prove(cli, file, flags);
  if (found.findings.length > 0) process.exitCode = ExitCode.NO;
  if (cli.out.json) return cli.out.document(found);
  const { findings, void: voids, pinned, ...rest } = found;
  const counts = Object.entries(voids).map(([why, count]) => `${why} ${count}`);
  cli.out.one({ ...rest, void: counts.join(', ') });
  if (!pinned) {
    cli.out.say(
      'the key is the one in the file: it agrees with itself; --audit-key proves whose it is',
    );
  }
  for (const finding of findings) cli.out.say(`LOOK: ${finding}`);
}

/** `ledgate ledger import` */
export async function importFromFile(cli: Cli, path: string, flags: ImportFlags): Promise<void> {
  const { imported, found } = await bringIn(cli, path, flags, 'all');
  cli.out.one(shownImport(imported, found));
  if (found.sealedAt !== undefined) {
    cli.out.say(`sealed at ${found.sealedAt}: it can be read, and went on elsewhere`);
  }
}

/** `ledgate ledger restore` */
export async function restoreFromFile(cli: Cli, path: string, flags: ImportFlags): Promise<void> {
  const { brokers } = flags;
  requireKeys(ledgerPlaceOf({ data: cli.data, brokers }));
  const { imported, found } = await bringIn(cli, path, flags, 'before the seal');
  const opened = await reopenLedger({ data: cli.data, brokers }, imported);
  const epoch = found.epoch + 1;
  cli.out.one({
    ...shownImport(imported, found),
    epoch,
    ...(opened === undefined
      ? {}
      : { adminPrincipal: opened.adminPrincipal, apiKey: opened.apiKey }),
  });
  cli.out.say('every token and API key from before is dead; passwords, roles and grants are not');
  if (opened === undefined) cli.out.say('it was restored before: its first key was shown then');
  else cli.out.say('the API key is shown this once: make new ones for authorizers and services');
}

/** `ledgate ledger copy` */
export async function copyToPlace(cli: Cli, flags: CopyFlags): Promise<void> {
  const { toData, toBrokers, brokers } = flags;
  if ((toData === undefined) === (toBrokers === undefined)) {
    throw new Failure('INVALID_ARGUMENT', 'say where to: --to-data or --to-brokers');
  }
  const place = ledgerPlaceOf({ data: cli.data, brokers });
  requireThere(place);
  const target = targetOf(place, flags);
  const macKeys = { L: macKeysOf(place, 'L'), S: macKeysOf(place, 'S') };
  if (target.log === 'kafka') await prepareTopics(target, flags, cli.out);
  const [from, to] = [openStoresOf(place), openStoresOf(target)];
  try {
    const successor = toData ?? `kafka ${toBrokers?.join(',')}`;
    await requireWhole(from.sessionLog);
    const copied = await watched(cli, 'copying', (onProgress) =>
      copyLedger({ from: { ...from, macKeys: macKeys.L }, to, successor, onProgress }),
    );
    const sessions = await copySessions({ from, to, macKeys: macKeys.S, successor });
    cli.out.one({ ...copied, chain: hex(copied.chain), sessionPosition: sessions });
    cli.out.say('this ledger is sealed: start the services on the new one, with the same keys');
  } finally {
    await from.close();
    await to.close();
  }
}

function targetOf(place: LedgerPlace, { toData, toBrokers }: CopyFlags): LedgerPlace {
  return toData === undefined
    ? { ...place, log: 'kafka', kafkaBrokers: toBrokers ?? [] }
    : { ...place, log: 'embedded', dataDir: toData };
}

async function bringIn(
  cli: Cli,
  path: string,
  flags: ImportFlags,
  what: 'all' | 'before the seal',
): Promise<{ readonly imported: Imported; readonly found: FileVerification }> {
  const place = ledgerPlaceOf({ data: cli.data, brokers: flags.brokers });
  const file = await openLedgerFile(path);
  const found = await prove(cli, file, flags);
  requireProved(found);
  const ledger = what === 'all' ? (flags.ledger ?? 'L') : 'L';
  requireName(file, place, ledger);
  const end = what === 'all' ? file.header.end : (found.sealedAt ?? file.header.end);
  if (place.log === 'kafka') await prepareTopics(place, flags, cli.out);
  const stores: StoresAccess = openStoresOf(place);
  try {
    const imported = await watched(cli, 'importing', (onProgress) =>
      importLedger({
        file,
        end,
        log: ledger === 'L' ? stores.log : stores.sessionLog,
        vault: stores.vault,
        mayGoOn: what === 'before the seal',
        onProgress,
      }),
    );
    return { imported, found };
  } finally {
    await stores.close();
  }
}

/** Mac keys are derived for the name of the ledger: under another name nothing would count. */
function requireName({ header }: LedgerFile, place: LedgerPlace, ledger: LedgerId): void {
  const name = ledgerName(place, ledger);
  if (header.ledger === name) return;
  const other = ledger === 'L' ? 'S' : 'L';
  if (header.ledger === ledgerName(place, other)) {
    throw new Failure('INVALID_ARGUMENT', `the file is of ledger ${other}, not ${ledger}`);
  }
  const prefix = header.ledger.replace(/\.(ledger|session)\.v1$/u, '');
  throw new Failure(
    'MISCONFIGURED',
    `the file is of ledger ${header.ledger}, here it would be ${name}: set LEDGATE_TOPIC_PREFIX=${prefix}`,
  );
}

/** A start would make new ones, and under new keys nothing of the file counts. */
function requireKeys({ log, dataDir, ledgerKey }: LedgerPlace): void {
  if (log === 'kafka' || ledgerKey !== undefined) return;
  if (existsSync(join(dataDir, 'keys', 'ledger.key'))) return;
  const text = `the keys of the cell must be in ${join(dataDir, 'keys')} first: master.key, ledger.key`;
  throw new Failure('MISCONFIGURED', text);
}

function prove(cli: Cli, file: LedgerFile, { auditKey }: ImportFlags): Promise<FileVerification> {
  const publicKey = auditKey === undefined ? undefined : Buffer.from(auditKey, 'base64url');
  if (publicKey !== undefined && publicKey.length !== 32) {
    throw new Failure('INVALID_ARGUMENT', '--audit-key is none: 32 bytes in base64url');
  }
  return watched(cli, 'verifying', (onProgress) => verifyFile(file, { publicKey, onProgress }));
}

function shownImport(
  { position, chain, before, blobs }: Imported,
  { missingBlobs, pinned, auditPublicKey }: FileVerification,
): Record<string, string | number | boolean> {
  return {
    position,
    chain: hex(chain),
    records: position + 1,
    alreadyThere: before,
    blobs,
    blobsNotInTheFile: missingBlobs,
    auditPublicKey,
    keyGiven: pinned,
  };
}

function signerOf(cli: Cli, id: LedgerId): FileSigner {
  const client = cli.identity(LedgerServiceClient);
  const ledger = wireLedger(id);
  return {
    signHead: async () =>
      (await ask(client, 'signHead', { position: undefined, ledger })).statement,
    signFile: async (sha256) =>
      (await ask(client, 'signFile', { sha256: Buffer.from(sha256), ledger })).signature,
  };
}

function watched<T>(
  cli: Cli,
  doing: string,
  work: (onProgress: (done: number, of: number) => void) => Promise<T>,
): Promise<T> {
  return withProgressBar(process.stderr.isTTY && !cli.out.json, work, doing);
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
