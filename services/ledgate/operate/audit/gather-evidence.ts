import { explain } from '#libs/access/evaluate/explain.js';
import type { AccessView } from '#libs/access/projection/access-view.js';
import type { DecisionLine } from '#libs/audit/decision-line.js';
import { foldCommands } from '#libs/ledger/fold-commands.js';
import type { Judged } from '#libs/ledger/judge.js';
import type { MacKeys } from '#libs/ledger/mac.js';
import type { PastState } from '../decisions/re-ask.js';
import type { DecisionsRead } from '../decisions/read-decisions.js';
import {
  replayDecisions,
  type Onlooker,
  type Readable,
  type Replayed,
} from '../decisions/replay-decisions.js';
import { CredentialBook } from './credential-book.js';
import { GrantBook } from './grant-book.js';
import { ProofBook } from './proof-book.js';

/** What one reading of the whole ledger brought. */
export interface Gathered {
  readonly grants: GrantBook;
  readonly credentials: CredentialBook;
  readonly proof: ProofBook;
  readonly quarantinedAt: readonly number[];
  /** The state at the end. */
  readonly view: AccessView;
  readonly position: number;
  readonly chain: string;
  readonly accepted: number;
  readonly replayed: Replayed;
}

/** Judges the ledger from position 0 to its present end, and asks the decisions again on the way. */
export async function gatherEvidence(
  access: { readonly log: Readable; readonly macKeys: MacKeys },
  read: DecisionsRead | undefined,
): Promise<Gathered> {
  const books = new Books();
  const replayed = await replayDecisions(access, read?.decisions ?? [], books);
  return { ...books.result(), replayed };
}

class Books implements Onlooker {
  readonly toEnd = true;
  readonly #grants = new GrantBook();
  readonly #credentials = new CredentialBook();
  readonly #proof = new ProofBook();
  readonly #quarantinedAt: number[] = [];
  #past: PastState | undefined;

  onJudged(judged: Judged, past: PastState): void {
    this.#past = past;
    this.#proof.apply(judged, past.window);
    foldCommands(judged, {
      event: (event, context) => {
        this.#grants.apply(event, context);
        this.#credentials.apply(event, context);
      },
      quarantine: (_keys, position) => this.#quarantinedAt.push(position),
    });
  }

  /** An ALLOW uses every grant that it rests on. */
  onDecision(line: DecisionLine, { fold }: PastState): void {
    const { outcome, tenant, principal, action, resource, atMs: nowMs } = line;
    if (outcome !== 'ALLOW' || action === null || resource === null) return;
    const question = { tenant, principal, action, resource, nowMs };
    for (const { group, roleChain, resourcePrefix } of explain(fold.view, question).paths) {
      const subjectKind = group === undefined ? 'PRINCIPAL' : 'GROUP';
      const subject = group?.id ?? principal;
      const role = roleChain[0]?.role ?? '';
      this.#grants.used(tenant, { subjectKind, subject, role, resourcePrefix }, nowMs);
    }
  }

  result(): Omit<Gathered, 'replayed'> {
    if (this.#past === undefined) throw new TypeError('a ledger holds at least GENESIS');
    const { fold, window } = this.#past;
    return {
      grants: this.#grants,
      credentials: this.#credentials,
      proof: this.#proof,
      quarantinedAt: this.#quarantinedAt,
      view: fold.view,
      position: window.position,
      chain: Buffer.from(window.chain).toString('hex'),
      accepted: window.acceptedCount,
    };
  }
}
