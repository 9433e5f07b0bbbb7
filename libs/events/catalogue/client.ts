import type { ClientAuthMethod, ClientGrantType, ClientKind, LinkPolicy } from './closed-sets.js';
import type { VaultRef } from './vault-ref.js';

export interface ClientAudience {
  readonly id: string;
  /** It verifies tokens by itself, so that a revocation reaches it only when they expire. */
  readonly offline: boolean;
}

/** What can be changed of a client. Always the whole of it: lists have no "unchanged". */
export interface ClientSettings {
  readonly name: string;
  /** Compared as texts, character by character (RFC 9700, 2.1). */
  readonly redirectUris: readonly string[];
  readonly postLogoutRedirectUris: readonly string[];
  readonly grantTypes: readonly ClientGrantType[];
  /** Scopes that the client may ask for; nothing else is ever given to it. */
  readonly scopes: readonly string[];
  readonly authMethod: ClientAuthMethod;
  /** Public keys of `private_key_jwt` (RFC 7517) as JSON; absent: none. */
  readonly jwks?: string | undefined;
  readonly pkceRequired: boolean;
  /** Only tokens bound to a key (RFC 9449) are issued. */
  readonly dpopRequired: boolean;
  /** Authorization requests only by PAR (RFC 9126). */
  readonly parRequired: boolean;
  readonly accessTokenTtlMs?: number | undefined;
  readonly refreshIdleMs?: number | undefined;
  readonly refreshAbsoluteMs?: number | undefined;
  readonly audiences: readonly ClientAudience[];
  /** Of the tenant itself: its users are not asked for consent. */
  readonly firstParty: boolean;
  readonly backchannelLogoutUri?: string | undefined;
}

export interface ClientRegistered {
  readonly type: 'ClientRegistered';
  readonly client: string;
  /** The service account that the client acts as where no user is present. */
  readonly principal: string;
  readonly kind: ClientKind;
  readonly settings: ClientSettings;
}
export interface ClientChanged {
  readonly type: 'ClientChanged';
  readonly client: string;
  readonly principal: string;
  readonly settings: ClientSettings;
}
/** Everything that was issued to the client is void until it is resumed. */
export interface ClientSuspended {
  readonly type: 'ClientSuspended';
  readonly client: string;
  readonly principal: string;
}
export interface ClientResumed {
  readonly type: 'ClientResumed';
  readonly client: string;
  readonly principal: string;
}
export interface ClientDeleted {
  readonly type: 'ClientDeleted';
  readonly client: string;
  readonly principal: string;
}
/** Replaces an earlier consent of the principal for the client. */
export interface ConsentGiven {
  readonly type: 'ConsentGiven';
  readonly principal: string;
  readonly client: string;
  readonly scopes: readonly string[];
  readonly audience: string;
  readonly expiresAtMs?: number | undefined;
}
/** What the client was given for the principal before the own position is dead. */
export interface ConsentWithdrawn {
  readonly type: 'ConsentWithdrawn';
  readonly principal: string;
  readonly client: string;
}
/** An OpenID provider that users of the tenant may log in at. Always the whole of it. */
export interface UpstreamProviderSet {
  readonly type: 'UpstreamProviderSet';
  readonly provider: string;
  readonly displayName: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: VaultRef | undefined;
  readonly scopes: readonly string[];
  readonly enabled: boolean;
  readonly linkPolicy: LinkPolicy;
  /** Absent: whatever the provider did counts as one factor. */
  readonly secondFactor?: UpstreamSecondFactor | undefined;
}
/** What the tenant takes for two factors, when the provider says it of a person. */
export interface UpstreamSecondFactor {
  /** Values of `acr`. */
  readonly acrs: readonly string[];
  /** Values in `amr` (RFC 8176), any of which does. */
  readonly amrs: readonly string[];
}
export interface UpstreamProviderRemoved {
  readonly type: 'UpstreamProviderRemoved';
  readonly provider: string;
}

export type ClientEvent =
  | ClientRegistered
  | ClientChanged
  | ClientSuspended
  | ClientResumed
  | ClientDeleted
  | ConsentGiven
  | ConsentWithdrawn
  | UpstreamProviderSet
  | UpstreamProviderRemoved;
