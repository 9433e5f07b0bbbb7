import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '#libs/grpc/connect.js';
import { openEmbeddedStore, type EmbeddedStore } from '#libs/ledger/embedded/embedded-store.js';
import type { EventLog } from '#libs/ledger/event-log.js';
import { createLogger } from '#libs/runtime/log.js';
import { Secret } from '#libs/runtime/secret.js';
import { isApiKey } from '#libs/tokens/api-key.js';
import { AuthorizerServiceService as Authorizer } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { startAuthorizer, type RunningAuthorizer } from '#services/authorizer/main.js';
import { createAuthorizerKey } from '#services/ledgate/operate/authorizer-account.js';
import {
  startWorld,
  temporaryFolder,
  testConfig,
  type Folder,
  type World,
} from '../identity/running-identity.js';
import { freePorts } from '../net/free-ports.js';
import { clientOf, testConfig as authorizerConfig } from './running-authorizer.js';

const ledgers = { L: 'auth.ledger.v1', S: 'auth.session.v1' } as const;
type Ledger = keyof typeof ledgers;

/** An identity whose appends a test can stop, an authorizer that watches it, and one that does not. */
export class StoppableCell {
  readonly folder: Folder;
  readonly store: EmbeddedStore;
  readonly #address: string;
  /** What keeps appends to a ledger from being made. */
  readonly #stopped = new Map<
    Ledger,
    { readonly gate: Promise<void>; readonly open: () => void }
  >();
  #world: World | undefined;
  #watching: RunningAuthorizer | undefined;
  #unaware: RunningAuthorizer | undefined;

  private constructor(folder: Folder, address: string) {
    this.folder = folder;
    this.#address = address;
    this.store = openEmbeddedStore(join(folder.path, 'ledger'));
  }

  static async open(): Promise<StoppableCell> {
    const [port] = await freePorts(1);
    const cell = new StoppableCell(temporaryFolder(), `127.0.0.1:${port}`);
    await cell.openIdentity();
    const connection = { address: cell.#address, credentials: undefined, allowPlaintext: false };
    const bearer = cell.#read('bootstrap-api-key');
    const key = await createAuthorizerKey((client) => connect(client, { ...connection, bearer }));
    cell.#watching = await cell.#openAuthorizer(key, [cell.#address]);
    cell.#unaware = await cell.#openAuthorizer(key, []);
    return cell;
  }

  get world(): World {
    if (this.#world === undefined) throw new Error('identity was closed');
    return this.#world;
  }

  get journal(): string {
    return this.#read('held-revocations.jsonl');
  }

  async openIdentity(): Promise<void> {
    const stores = {
      log: this.#stoppable('L'),
      sessionLog: this.#stoppable('S'),
      vault: this.store.vault(),
    };
    this.#world = await startWorld(
      testConfig(this.folder.path, { address: this.#address }),
      stores,
    );
  }

  stop(ledger: Ledger): void {
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#stopped.set(ledger, { gate, open });
  }

  goOn(): void {
    for (const stopped of this.#stopped.values()) stopped.open();
    this.#stopped.clear();
  }

  /** A number that the watching authorizer tells of itself. */
  async metric(name: string): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.#watching?.metricsPort}/metrics`);
    const line = (await answer.text()).split('\n').find((one) => one.startsWith(`${name}{`));
    return Number(line?.split(' ').at(-1));
  }

  /** Whether a credential is good, at the authorizer that watches the identity. */
  isGood(value: string, caller: string): Promise<boolean | undefined> {
    return isGood(this.#watching, value, caller);
  }

  /** The same at the one that knows the ledgers only. */
  isGoodByLedger(value: string, caller: string): Promise<boolean | undefined> {
    return isGood(this.#unaware, value, caller);
  }

  async close(): Promise<void> {
    this.goOn();
    await this.#watching?.close();
    await this.#unaware?.close();
    await this.#world?.close();
    await this.store.close();
    this.folder.remove();
  }

  #openAuthorizer(key: string, revocationFeeds: string[]): Promise<RunningAuthorizer> {
    return startAuthorizer(
      authorizerConfig({
        dataDir: this.folder.path,
        metricsAddress: '127.0.0.1:0',
        ledgerKey: new Secret(this.#read(join('keys', 'ledger.key'))),
        identity: { address: this.#address, credential: new Secret(key) },
        revocationFeeds,
      }),
      {
        log: this.store.log(ledgers.L),
        sessionLog: this.store.log(ledgers.S),
        logger: createLogger({ service: 'authorizer', level: 'silent' }),
      },
    );
  }

  #read(file: string): string {
    return readFileSync(join(this.folder.path, file), 'utf8').trim();
  }

  #stoppable(ledger: Ledger): EventLog {
    const log = this.store.log(ledgers[ledger]);
    return {
      name: log.name,
      append: async (values) => {
        await this.#stopped.get(ledger)?.gate;
        return log.append(values);
      },
      tail: (from, signal) => log.tail(from, signal),
      read: (position) => log.read(position),
      end: () => log.end(),
      start: () => log.start(),
      trim: (before) => log.trim(before),
      close: () => log.close(),
    };
  }
}

async function isGood(
  authorizer: RunningAuthorizer | undefined,
  value: string,
  caller: string,
): Promise<boolean | undefined> {
  const client = clientOf(authorizer?.address ?? '');
  const isKey = isApiKey(value);
  const $case = isKey ? ('apiKey' as const) : ('bearerToken' as const);
  const credential = { credential: { $case, value } };
  const request = { credential, consistency: undefined };
  try {
    return (await client.call(Authorizer.authenticate, request, caller)).authenticated;
  } finally {
    client.close();
  }
}
