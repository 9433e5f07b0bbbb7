import { AccessView } from '#libs/access/projection/access-view.js';
import { genesisCodec, openCodec } from '#libs/events/control-codec.js';
import { keyHash } from '#libs/events/keys.js';
import { foldCommands } from '#libs/ledger/fold-commands.js';
import type { Judged } from '#libs/ledger/judge.js';
import { RecordKind } from '#libs/ledger/record.js';
import type { Cluster } from './moment.js';

/** The access view while it is rebuilt: the same fold as the services', void records left out. */
export class PastView {
  readonly view: AccessView;
  #cluster: Cluster | undefined;

  constructor(view = new AccessView(keyHash), cluster?: Cluster) {
    this.view = view;
    this.#cluster = cluster;
  }

  get cluster(): Cluster | undefined {
    return this.#cluster;
  }

  apply(judged: Judged): void {
    if (!judged.accepted) return;
    const { view } = this;
    try {
      foldCommands(judged, {
        event: (event, context) => view.apply(event, context),
        quarantine: (keys) => view.quarantine(keys),
      });
    } catch {
      // What decodes but cannot be applied closes its own keys, and nothing else.
      view.quarantine(judged.header?.writes ?? []);
    }
    this.#control(judged);
  }

  #control({ header, payload, position }: Judged): void {
    const bytes = payload ?? new Uint8Array(0);
    if (header?.kind === RecordKind.GENESIS && this.#cluster === undefined) {
      const genesis = genesisCodec.decode(bytes);
      if (genesis.ok) this.#cluster = { clusterId: genesis.value.clusterId, epoch: 1 };
    }
    if (header?.kind === RecordKind.OPEN && this.#cluster !== undefined) {
      const opened = openCodec.decode(bytes);
      if (!opened.ok || opened.value.epoch <= this.#cluster.epoch) return;
      this.#cluster = { ...this.#cluster, epoch: opened.value.epoch };
      this.view.open(opened.value.epoch, position);
    }
  }
}
