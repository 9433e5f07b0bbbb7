export type ClientStatus = 'ACTIVE' | 'SUSPENDED' | 'DELETED';

/** An OAuth client, as far as what was issued to it is judged by it. */
export interface Client {
  readonly client: string;
  status: ClientStatus;
  /** Position of the event that gave it its status. */
  statusAt: number;
}

/** What became of a principal's consent for a client, once it was withdrawn. */
export interface WithdrawnConsent {
  /** Position of the last withdrawal: what the client was given before it is dead. */
  readonly at: number;
  /** Given anew since. */
  readonly givenAgain: boolean;
}
