import type { Credential, Subject } from '#services/authorizer/app/question.js';

/** A message that is there, with none of the fields of its oneof set. */
export interface Empty {
  readonly kind: 'EMPTY';
}

/** What a request holds, before anything was checked. */
export type WireWho = Credential | Subject | Empty | undefined;

export type WireConsistency =
  | { readonly kind: 'MINIMIZE_LATENCY'; readonly value: boolean }
  | { readonly kind: 'AT_LEAST_AS_FRESH'; readonly token: string }
  | { readonly kind: 'FULLY_CONSISTENT'; readonly value: boolean }
  | Empty
  | undefined;

export interface WireQuestion {
  readonly who: WireWho;
  readonly action: string;
  readonly resource: string;
  readonly consistency: WireConsistency;
  readonly endpoint?: WireEndpoint | undefined;
}

export interface WireEndpoint {
  readonly api: string;
  readonly call:
    | { readonly kind: 'GRPC'; readonly method: string }
    | { readonly kind: 'HTTP'; readonly method: string; readonly path: string }
    | undefined;
  readonly parameters: ReadonlyMap<string, string>;
  readonly tenant: string;
}

export interface WireBatch {
  readonly questions: readonly WireQuestion[];
  readonly consistency: WireConsistency;
}

export interface WireAuthentication {
  readonly credential: WireWho;
  readonly consistency: WireConsistency;
}
