import type { Cause, LinkPolicy, UpstreamSecondFactor, VaultRef } from '#libs/events/catalogue.js';

/** Sets a provider as a whole. */
export interface SetUpstreamProvider {
  readonly type: 'SetUpstreamProvider';
  /** Name in addresses, chosen by the tenant. */
  readonly provider: string;
  readonly displayName: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Absent: the one before, where issuer and client are the same. */
  readonly clientSecret?: VaultRef | undefined;
  readonly scopes: readonly string[];
  readonly enabled: boolean;
  readonly linkPolicy: LinkPolicy;
  /** Absent: whatever the provider did counts as one factor. */
  readonly secondFactor?: UpstreamSecondFactor | undefined;
}
export interface RemoveUpstreamProvider {
  readonly type: 'RemoveUpstreamProvider';
  readonly provider: string;
}

/** An account at a provider, as the ledger knows it. */
export interface ExternalIdentity {
  readonly provider: string;
  /** Of the provider when the account was proved there. */
  readonly issuer: string;
  /** Blind index of the provider's `sub`. */
  readonly blindIndex: string;
  readonly externalSubject: VaultRef;
}
export interface LinkExternalIdentity extends ExternalIdentity {
  readonly type: 'LinkExternalIdentity';
  readonly principal: string;
  /**
   * Blind index of the address that the provider has verified, where nobody is logged in: it must be a
   * verified login name of the principal, which must have no second factor.
   */
  readonly verifiedName?: string | undefined;
}
/** Ends everything that the principal was given before, too. */
export interface UnlinkExternalIdentity {
  readonly type: 'UnlinkExternalIdentity';
  readonly principal: string;
  readonly blindIndex: string;
  readonly cause: Cause;
}

export type UpstreamCommand =
  | SetUpstreamProvider
  | RemoveUpstreamProvider
  | LinkExternalIdentity
  | UnlinkExternalIdentity;
