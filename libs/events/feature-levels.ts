import type { DomainEvent, EventType, TenantSettings } from './catalogue.js';
import { ledgerOf } from './ledger-of.js';

/** What a ledger may hold without a FEATURE_LEVEL record. */
export const foundingLevel = 1;
/** The highest level that this build knows. A new cell is founded at it. */
export const newestLevel = 3;

/** Events that came later than level 1. A level is never given to an event again. */
const since: Partial<Record<EventType, number>> = {
  SubjectErased: 2,
  LoginNameVerified: 3,
  ExternalIdentityLinked: 3,
  ExternalIdentityUnlinked: 3,
  TotpEnrolled: 3,
  OtpChannelEnrolled: 3,
  PasskeyRegistered: 3,
  RecoveryCodesGenerated: 3,
  RecoveryCodeConsumed: 3,
  CertificateBound: 3,
  ClientSecretCreated: 3,
  CredentialRemoved: 3,
  ScopeDefined: 3,
  ScopeChanged: 3,
  ScopeRetired: 3,
  EndpointRuleSet: 3,
  EndpointRuleRemoved: 3,
  EndpointRulesReplaced: 3,
  ClientRegistered: 3,
  ClientChanged: 3,
  ClientSuspended: 3,
  ClientResumed: 3,
  ClientDeleted: 3,
  ConsentGiven: 3,
  ConsentWithdrawn: 3,
  UpstreamProviderSet: 3,
  UpstreamProviderRemoved: 3,
};

/**
 * The level that a ledger must have before the event may be written: a reader of an older build does
 * not know it, and would have to quarantine what it touches.
 */
export function levelOf(event: DomainEvent): number {
  // An older build would pass over the field and allow without a record.
  if (isPermission(event) && event.auditRequired === true) return 2;
  if (ledgerOf(event.type) === 'S' || usesFieldsOfLevel3(event)) return 3;
  return since[event.type] ?? foundingLevel;
}

function isPermission(
  event: DomainEvent,
): event is Extract<DomainEvent, { type: 'PermissionDefined' | 'PermissionChanged' }> {
  return event.type === 'PermissionDefined' || event.type === 'PermissionChanged';
}

/** What an older build would not know: that something was redeemed, and settings that it ignores. */
function usesFieldsOfLevel3(event: DomainEvent): boolean {
  if (event.type === 'PrincipalRegistered' || event.type === 'PasswordSet') {
    return event.challenge !== undefined;
  }
  if (event.type !== 'TenantCreated' && event.type !== 'TenantSettingsChanged') return false;
  return settingsOfLevel3.some((name) => event.settings?.[name] !== undefined);
}

const settingsOfLevel3: readonly (keyof TenantSettings)[] = [
  'factors',
  'selfSignUp',
  'mailUnverified',
  'sessionIdleMs',
  'sessionAbsoluteMs',
  'sessionLimit',
  'refreshIdleMs',
  'refreshAbsoluteMs',
  'refreshGraceMs',
  'outageGraceMs',
  'offlineTokenTtlMs',
];
