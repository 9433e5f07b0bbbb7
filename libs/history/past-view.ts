import { AccessView } from '#libs/access/projection/access-view.js';
import { keyHash } from '#libs/events/keys.js';
import { ClusterFacts, type Cluster } from '#libs/ledger/cluster-facts.js';
import { foldCommands } from '#libs/ledger/fold-commands.js';
import type { Judged } from '#libs/ledger/judge.js';

/** The access view while it is rebuilt: the same fold as the services', void records left out. */
export class PastView {
  readonly view: AccessView;
  readonly #facts: ClusterFacts<Cluster>;

  constructor(view = new AccessView(keyHash), cluster?: Cluster) {
    this.view = view;
    this.#facts = new ClusterFacts(({ clusterId }) => ({ clusterId, epoch: 1 }), { cluster });
  }

  get cluster(): Cluster | undefined {
    return this.#facts.cluster;
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
    const opened = this.#facts.take(judged);
    if (opened !== undefined) view.open(opened.epoch, opened.position);
  }
}
