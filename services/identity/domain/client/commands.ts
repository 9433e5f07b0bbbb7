import type { Cause, ClientKind, ClientSettings, VaultRef } from '#libs/events/catalogue.js';

export interface RegisterClient {
  readonly type: 'RegisterClient';
  readonly client: string;
  /** Id of the service account that is registered with it. */
  readonly principal: string;
  readonly profile?: VaultRef | undefined;
  readonly kind: ClientKind;
  readonly settings: ClientSettings;
  /** A first secret, created in the same record. */
  readonly secret?: NewClientSecret | undefined;
}
export interface NewClientSecret {
  readonly credential: string;
  /** First 8 characters after the marker. */
  readonly prefix: string;
  /** SHA-256 of the whole secret, base64url. */
  readonly sha256: string;
  readonly expiresAtMs?: number | undefined;
}
/** Sets the settings as a whole. */
export interface ChangeClient {
  readonly type: 'ChangeClient';
  readonly client: string;
  readonly settings: ClientSettings;
}
export interface SuspendClient {
  readonly type: 'SuspendClient';
  readonly client: string;
}
export interface ResumeClient {
  readonly type: 'ResumeClient';
  readonly client: string;
}
/** Deletes its service account too. */
export interface DeleteClient {
  readonly type: 'DeleteClient';
  readonly client: string;
}
export interface CreateClientSecret extends NewClientSecret {
  readonly type: 'CreateClientSecret';
  readonly client: string;
}
/** A new secret; the one that it replaces goes on for the overlap. */
export interface RotateClientSecret extends NewClientSecret {
  readonly type: 'RotateClientSecret';
  readonly client: string;
  /** Absent: the newest that is in use. */
  readonly replaces?: string | undefined;
  readonly overlapMs: number;
}
export interface RevokeClientSecret {
  readonly type: 'RevokeClientSecret';
  readonly client: string;
  readonly credential: string;
  readonly cause: Cause;
}

export type ClientSecretCommand = CreateClientSecret | RotateClientSecret | RevokeClientSecret;
export type ClientCommand =
  | RegisterClient
  | ChangeClient
  | SuspendClient
  | ResumeClient
  | DeleteClient
  | ClientSecretCommand;
