import type { Difference } from '../decisions/replay-decisions.js';

/** Version of the report's JSON. */
export const reportVersion = 1;

export interface ReportedGrant {
  readonly tenant: string;
  readonly subjectKind: string;
  readonly subject: string;
  readonly role: string;
  readonly roleName: string;
  readonly resourcePrefix: string;
  readonly expiresAt: string | null;
  readonly grant: string;
  readonly position: number;
  readonly givenBy: string;
  readonly givenAt: string;
  readonly reason: string;
}

export interface ReportedKey {
  readonly kind: 'API_KEY' | 'SIGNING_KEY';
  readonly tenant: string;
  readonly owner: string;
  readonly id: string;
  readonly status: string;
  readonly madeAt: string;
  readonly ageDays: number;
  readonly expiresAt: string | null;
}

/** Counts by age in days. */
export interface AgeBands {
  readonly under30: number;
  readonly under90: number;
  readonly under365: number;
  readonly older: number;
}

export type UnusedGrants =
  | { readonly known: false; readonly why: string }
  | {
      readonly known: true;
      /** Of what the list must be read with; empty: every decision is in the log. */
      readonly caveats: readonly string[];
      readonly grants: readonly (ReportedGrant & { readonly lastUsedAt: string | null })[];
    };

export type BrokerSettings =
  | { readonly applicable: false; readonly why: string }
  | { readonly applicable: true; readonly deviations: readonly string[] };

export interface DecisionsAudited {
  readonly decisions: number;
  readonly same: number;
  readonly differences: readonly Difference[];
  readonly notReAskable: Readonly<Record<string, number>>;
  /** Decisions that gaps of the log count. */
  readonly missing: number;
  readonly badLines: number;
}

/** What a ledger and its surroundings showed at one moment. Ids only, and what people wrote as reasons. */
export interface EvidenceReport {
  readonly evidenceReport: typeof reportVersion;
  readonly madeAt: string;
  /** What must be looked at; empty: nothing. */
  readonly findings: readonly string[];
  readonly proof: {
    readonly clusterId: string;
    readonly ledger: string;
    readonly position: number;
    readonly chain: string;
    readonly epochs: number;
    readonly accepted: number;
    readonly void: Readonly<Record<string, number>>;
    readonly auditPublicKey: string;
    readonly checkpointsVerified: number;
    readonly lastCheckpoint: { readonly about: number; readonly at: string } | null;
  };
  readonly admins: readonly ReportedGrant[];
  readonly unusedGrants: UnusedGrants;
  readonly keys: readonly ReportedKey[];
  readonly passwords: AgeBands;
  readonly brokers: BrokerSettings;
  readonly quarantines: { readonly keys: number; readonly positions: readonly number[] };
  readonly decisions: DecisionsAudited | null;
}
