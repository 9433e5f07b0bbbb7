/** What the subscriber of the chaos tests is told. */
export interface SubscriberProgramOptions {
  /** Its database. */
  readonly folder: string;
  /** `own`: the checkpoint in the transaction of the effect; `apart`: beside it. */
  readonly checkpoint: 'own' | 'apart';
  readonly source:
    | {
        readonly kind: 'grpc';
        readonly address: string;
        readonly credential: string;
        readonly tenant: string;
      }
    | { readonly kind: 'kafka'; readonly brokers: string[]; readonly prefix: string };
}

/** What the publisher of the chaos tests is told. */
export interface PublisherProgramOptions {
  readonly folder: string;
  readonly brokers: string[];
  /** In front of the names of ledger and topics. */
  readonly prefix: string;
}
