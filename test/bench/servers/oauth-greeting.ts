/** Where a server that is compared answers, and what a client needs there. */
export interface OauthGreeting {
  readonly port: number;
  readonly paths: {
    readonly authorize: string;
    readonly token: string;
    readonly introspect: string;
  };
  readonly clientId: string;
  readonly secret: string;
  readonly redirectUri: string;
  /** Cookie header of a browser in which somebody is logged in. */
  readonly cookie: string;
}
