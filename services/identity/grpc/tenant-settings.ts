import type { FactorDemand as Demand, FactorKind as Kind } from '#libs/events/catalogue.js';
import type { TenantSettings as Settings } from '#libs/events/catalogue.js';
import { FactorKind } from '#proto/ledgate/identity/v1/login.js';
import {
  FactorDemand,
  type FactorPolicy,
  type TenantSettings,
} from '#proto/ledgate/identity/v1/tenant.js';
import type { Fields } from '#services/identity/grpc/fields.js';

const kinds = new Map<number, Kind>([
  [FactorKind.FACTOR_KIND_TOTP, 'TOTP'],
  [FactorKind.FACTOR_KIND_PASSKEY, 'PASSKEY'],
  [FactorKind.FACTOR_KIND_SMS, 'SMS'],
  [FactorKind.FACTOR_KIND_EMAIL, 'EMAIL'],
  [FactorKind.FACTOR_KIND_RECOVERY_CODE, 'RECOVERY_CODE'],
]);
const demands = new Map<number, Demand>([
  [FactorDemand.FACTOR_DEMAND_NOBODY, 'NOBODY'],
  [FactorDemand.FACTOR_DEMAND_ADMINS, 'ADMINS'],
  [FactorDemand.FACTOR_DEMAND_EVERYBODY, 'EVERYBODY'],
]);
const MOST_KINDS = 16;

/** Only what is set; numbers beyond 2^53 become ones that every bound refuses. */
export function settingsOf(fields: Fields, settings: TenantSettings | undefined): Settings {
  if (settings === undefined) return {};
  const given: Settings = {
    passwordMinLength: settings.passwordMinLength,
    accessTokenTtlMs: numberOf(settings.accessTokenTtlMs),
    softStalenessMs: numberOf(settings.softStalenessMs),
    hardStalenessMs: numberOf(settings.hardStalenessMs),
    factors: settings.factors && policyOf(fields, settings.factors),
    sessionIdleMs: numberOf(settings.sessionIdleMs),
    sessionAbsoluteMs: numberOf(settings.sessionAbsoluteMs),
    sessionLimit: settings.sessionLimit,
    refreshIdleMs: numberOf(settings.refreshIdleMs),
    refreshAbsoluteMs: numberOf(settings.refreshAbsoluteMs),
    refreshGraceMs: numberOf(settings.refreshGraceMs),
    outageGraceMs: numberOf(settings.outageGraceMs),
    offlineTokenTtlMs: numberOf(settings.offlineTokenTtlMs),
    selfSignUp: settings.selfSignUp,
    mailUnverified: settings.mailUnverified,
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export function settingsMessage(settings: Settings): TenantSettings {
  const { factors } = settings;
  return {
    passwordMinLength: settings.passwordMinLength,
    accessTokenTtlMs: bigintOf(settings.accessTokenTtlMs),
    softStalenessMs: bigintOf(settings.softStalenessMs),
    hardStalenessMs: bigintOf(settings.hardStalenessMs),
    factors: factors && {
      allowed: factors.allowed.map((kind) => numberFor(kinds, kind)),
      requiredFor: numberFor(demands, factors.requiredFor),
      rememberDevicesDays: factors.rememberDevicesDays,
      basicWithoutFactor: factors.basicWithoutFactor,
    },
    sessionIdleMs: bigintOf(settings.sessionIdleMs),
    sessionAbsoluteMs: bigintOf(settings.sessionAbsoluteMs),
    sessionLimit: settings.sessionLimit,
    refreshIdleMs: bigintOf(settings.refreshIdleMs),
    refreshAbsoluteMs: bigintOf(settings.refreshAbsoluteMs),
    refreshGraceMs: bigintOf(settings.refreshGraceMs),
    outageGraceMs: bigintOf(settings.outageGraceMs),
    offlineTokenTtlMs: bigintOf(settings.offlineTokenTtlMs),
    selfSignUp: settings.selfSignUp,
    mailUnverified: settings.mailUnverified,
  };
}

function policyOf(fields: Fields, policy: FactorPolicy): NonNullable<Settings['factors']> {
  const path = 'settings.factors';
  const { allowed, requiredFor, rememberDevicesDays, basicWithoutFactor } = policy;
  if (allowed.length > MOST_KINDS) fields.add(`${path}.allowed`, `more than ${MOST_KINDS}`);
  const named = allowed
    .slice(0, MOST_KINDS)
    .map((kind, at) => fields.choice(`${path}.allowed[${at}]`, kind, kinds, 'TOTP'));
  return {
    allowed: [...new Set(named)],
    requiredFor: fields.choice(`${path}.required_for`, requiredFor, demands, 'NOBODY'),
    rememberDevicesDays,
    ...(basicWithoutFactor === undefined ? {} : { basicWithoutFactor }),
  };
}

/** The number on the wire of one of our words. */
export function factorKindNumber(kind: Kind): FactorKind {
  return numberFor(kinds, kind);
}

function numberFor<N extends number, W>(meanings: ReadonlyMap<number, W>, word: W): N {
  for (const [number, meaning] of meanings) if (meaning === word) return number as N;
  return 0 as N;
}

function numberOf(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function bigintOf(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}
