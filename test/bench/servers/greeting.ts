/** What a server under test says when it is ready. */
export interface Greeting {
  readonly port: number;
}

/** What `seed-ledger.ts` leaves in `seeded.json`. */
export interface SeededLedger {
  /** Of the caller that may ask about any principal. */
  readonly apiKey: string;
  /** API keys of the first principals, by number. */
  readonly keys: readonly string[];
  /** Access tokens of the principals, by number. */
  readonly tokens: readonly string[];
  /** Key that signed the tokens. */
  readonly publicJwk: string;
}
