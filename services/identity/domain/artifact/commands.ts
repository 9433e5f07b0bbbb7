/** Keeps what the OAuth engine has to remember of a session that is authenticated, sealed. */
export interface LinkSession {
  readonly type: 'LinkSession';
  readonly id: string;
  readonly session: string;
  readonly principal: string;
  readonly client?: string | undefined;
  readonly artifact: string;
  /** ms since the Unix epoch. */
  readonly expiresAtMs: number;
}
