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

/** What `cell-server.ts` says when identity (and the authorizer) serve. */
export interface CellGreeting extends Greeting {
  /** 0: there is none. */
  readonly authorizerPort: number;
  /** API key of the tenant's administrator. */
  readonly adminKey: string;
  /** API key of a service account that may ask the authorizer about anyone. */
  readonly gatewayKey: string;
  readonly tenantId: string;
  /** A role that holds `orders:read`. */
  readonly roleId: string;
  /** A user without any grant. */
  readonly principalId: string;
}

/** What `revocation-cell.ts` says when identity and two authorizers serve. */
export interface RevocationGreeting extends Greeting {
  readonly authorizerPorts: readonly number[];
  /** API key of the administrator of the system tenant. */
  readonly rootKey: string;
  /** API key of the tenant's administrator. */
  readonly adminKey: string;
  /** API key of a service account of the system tenant that may ask about anyone. */
  readonly gatewayKey: string;
  readonly tenantId: string;
  /** A user, called bob, with a password and with a role that holds `orders:read`. */
  readonly principalId: string;
  readonly password: string;
  readonly roleId: string;
  readonly grantId: string;
  readonly clientId: string;
}

/** What a service says of its start. */
export interface ColdStart {
  /** From the start of the process until it served. */
  readonly seconds: number;
  /** Processor time until then: what it takes on a core that nobody else wants. */
  readonly cpuSeconds: number;
  /** Live bytes (heap and array buffers) after a collection. */
  readonly bytes: number;
}
