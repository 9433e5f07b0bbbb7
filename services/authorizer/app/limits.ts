/** Bounds on everything that a caller could make grow. Times in ms. */
export const limits = {
  /** Questions of one batch. */
  batch: 256,
  /** Ids, in UTF-16 units. */
  id: 128,
  action: 256,
  /** Of a call: its API, its method, its path, and what fills the resource template. */
  api: 64,
  method: 320,
  path: 8_192,
  parameters: 64,
  parameterName: 128,
  parameter: 1_024,
  /** The evaluator refuses resources above 1,024 bytes; above this the request is malformed. */
  resource: 4_096,
  token: 8_192,
  apiKey: 256,
  sessionToken: 256,
  /** SHA-256 in base64url is 43. */
  thumbprint: 64,
  proof: 4_096,
  httpMethod: 32,
  httpUri: 4_096,
  tenantName: 128,
  username: 320,
  password: 4_096,
  pageSize: 500,
  defaultPageSize: 100,
  /** Roles that Authenticate names. */
  roles: 200,
  /** Calls of each kind that wait at the same time for the ledger to come this far. */
  waiters: 1_024,
  /** Longest wait for a position that a token names. */
  tokenWaitMs: 250,
  /** Longest wait for a consistency token, when the deadline is later or absent. */
  consistencyWaitMs: 10_000,
  cachedCallers: 4_096,
  cachedTokens: 16_384,
  cachedPasswords: 16_384,
  /** Nothing stays in a cache for longer, however long it is good for. */
  cacheMs: 600_000,
  /** A positive verdict on a password. */
  passwordMs: 60_000,
  /** Questions to identity under way at the same time. */
  identityCalls: 64,
  identityCallMs: 5_000,
  /** DPoP proofs that are remembered at the same time. */
  proofs: 262_144,
} as const;
