interface ScopeFacts {
  readonly scope: string;
  readonly description: string;
  /** Exact permissions, which must be defined, or patterns. */
  readonly permissions: readonly string[];
  readonly consentRequired: boolean;
}
export interface DefineScope extends ScopeFacts {
  readonly type: 'DefineScope';
}
export interface ChangeScope extends ScopeFacts {
  readonly type: 'ChangeScope';
}
export interface RetireScope {
  readonly type: 'RetireScope';
  readonly scope: string;
}

export type ScopeCommand = DefineScope | ChangeScope | RetireScope;
