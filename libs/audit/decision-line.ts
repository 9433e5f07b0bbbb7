/** Version of the format; every line says it in its field `decisionLog`. */
export const lineVersion = 1;

export type Method = 'Authorize' | 'BatchAuthorize' | 'Explain';

/**
 * Whom a question was about, or who asked it: ids and what else is needed to judge it again. Never a
 * credential, nor a hash of one. `null`: a text that the ledger does not know, which is not written
 * down because nobody can tell what it is.
 */
export type LoggedAsker =
  /** Named by the caller. */
  | { readonly kind: 'SUBJECT'; readonly tenant: string | null; readonly principal: string | null }
  | { readonly kind: 'API_KEY'; readonly tenant: string; readonly credential: string }
  /** Well-formed, and of nobody. */
  | { readonly kind: 'UNKNOWN_API_KEY' }
  | LoggedToken
  | {
      readonly kind: 'SESSION';
      readonly tenant: string;
      readonly principal: string;
      readonly session: string;
    }
  /** Well-formed, and of no session. */
  | { readonly kind: 'UNKNOWN_SESSION' }
  | {
      readonly kind: 'PASSWORD';
      readonly tenant: string;
      readonly principal: string;
      readonly credential: string;
      readonly version: number;
    }
  /** Refused before anything was looked up. */
  | { readonly kind: 'REFUSED'; readonly reason: string };

export interface LoggedToken {
  readonly kind: 'TOKEN';
  readonly tenant: string;
  readonly principal: string;
  /** `''`: issued to no client. */
  readonly client: string;
  readonly kid: string;
  readonly credential: string;
  readonly epoch: number;
  /** Position that it was issued at, and the one at which its credential was verified. */
  readonly issuedAtPosition: number;
  readonly authPosition: number;
  readonly expiresAtMs: number;
  /** What it names in ledger S; absent: nothing. */
  readonly tokenId?: string | undefined;
  readonly session?: string | undefined;
  readonly family?: string | undefined;
  readonly sessionPosition?: number | undefined;
  readonly issuedInOutage?: true | undefined;
  readonly scopes: readonly string[];
}

export interface LoggedEndpoint {
  /** Tenant whose API it is; `''`: there is none. */
  readonly tenant: string;
  /** `null`: the tenant has no such API. */
  readonly api: string | null;
  /** `null`: none was found for the call. */
  readonly rule: string | null;
}

/**
 * One decision: what was asked, of which state, and the outcome. Why is not in it: that is recomputed
 * from the ledger, which the line names by position and chain.
 */
export interface DecisionLine {
  readonly kind: 'decision';
  readonly id: string;
  /** ms since the Unix epoch, by the clock of the authorizer: the time that expiry was judged by. */
  readonly atMs: number;
  /** Instance that decided. */
  readonly authorizer: string;
  readonly method: Method;
  readonly caller: LoggedAsker;
  readonly asked: LoggedAsker;
  readonly action: string | null;
  readonly resource: string | null;
  /** Of a call: whose API and the rule that was applied; action and resource are what it asked for. */
  readonly endpoint?: LoggedEndpoint | undefined;
  /** As they were answered; `''`: of nobody whom the caller may know of. */
  readonly tenant: string;
  readonly principal: string;
  readonly outcome: 'ALLOW' | 'DENY' | 'CANNOT_DECIDE';
  readonly reason: string;
  readonly position: number;
  /** Of ledger S; absent: nothing of it was read. */
  readonly sessionPosition?: number | undefined;
  /** The reason may come from a revocation that ledger L did not say yet. */
  readonly early?: true | undefined;
  /** First 8 bytes of the chain there, hex; `''`: none. */
  readonly chain: string;
  readonly epoch: number;
  /** Age of the state in ms; `null`: unknown. */
  readonly stalenessMs: number | null;
  /** Limits of the authorizer, ms: for permissions of risk NORMAL, and SENSITIVE. */
  readonly hardMs: number;
  readonly sensitiveMs: number;
}

/** Lines that could not be kept because a sink did not take them in time. */
export interface GapLine {
  readonly kind: 'gap';
  readonly authorizer: string;
  /** Decision and time of the first that is missing. */
  readonly fromId: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly count: number;
}

/** An authorizer began to record, with this share of the decisions that need not be recorded. */
export interface StartLine {
  readonly kind: 'start';
  readonly authorizer: string;
  readonly atMs: number;
  /** 0 to 1. */
  readonly sample: number;
}

/** It ended as it should; without this its last lines may be missing. */
export interface EndLine {
  readonly kind: 'end';
  readonly authorizer: string;
  readonly atMs: number;
}

export type LogLine = DecisionLine | GapLine | StartLine | EndLine;

/** One line of JSON, without its line feed. */
export function encodeLine(line: LogLine): string {
  return JSON.stringify({ decisionLog: lineVersion, ...line });
}
