import type { TenantSettings } from '#libs/events/catalogue.js';

const second = 1000;
const minute = 60 * second;

type Range = readonly [least: number, most: number];

type NumericSetting = Exclude<keyof TenantSettings, 'factors' | 'selfSignUp' | 'mailUnverified'>;
const hour = 60 * minute;
const day = 24 * hour;

/** Bounds of each setting; durations in ms, lengths in code points. */
const ranges: Readonly<Record<NumericSetting, Range>> = {
  passwordMinLength: [8, 64],
  accessTokenTtlMs: [minute, 60 * minute],
  softStalenessMs: [second, 5 * minute],
  hardStalenessMs: [second, 15 * minute],
  sessionIdleMs: [minute, 90 * day],
  sessionAbsoluteMs: [minute, 365 * day],
  sessionLimit: [1, 100],
  refreshIdleMs: [minute, 365 * day],
  refreshAbsoluteMs: [minute, 365 * day],
  refreshGraceMs: [0, minute],
  outageGraceMs: [0, hour],
  offlineTokenTtlMs: [minute, hour],
};

const fieldNames: Readonly<Record<NumericSetting, string>> = {
  passwordMinLength: 'settings.password_min_length',
  accessTokenTtlMs: 'settings.access_token_ttl_ms',
  softStalenessMs: 'settings.soft_staleness_ms',
  hardStalenessMs: 'settings.hard_staleness_ms',
  sessionIdleMs: 'settings.session_idle_ms',
  sessionAbsoluteMs: 'settings.session_absolute_ms',
  sessionLimit: 'settings.session_limit',
  refreshIdleMs: 'settings.refresh_idle_ms',
  refreshAbsoluteMs: 'settings.refresh_absolute_ms',
  refreshGraceMs: 'settings.refresh_grace_ms',
  outageGraceMs: 'settings.outage_grace_ms',
  offlineTokenTtlMs: 'settings.offline_token_ttl_ms',
};

/** Problems of the settings of a tenant, as `[field, problem]`. */
export function settingsProblems(
  settings: TenantSettings,
): (readonly [string, string | undefined])[] {
  const { softStalenessMs: soft, hardStalenessMs: hard } = settings;
  const order = soft !== undefined && hard !== undefined && soft > hard;
  const each = (Object.keys(ranges) as NumericSetting[]).map(
    (name) => [fieldNames[name], rangeProblem(settings[name], ranges[name])] as const,
  );
  const later = 'must not be above the hard limit';
  const { sessionIdleMs: idle, sessionAbsoluteMs: absolute, factors } = settings;
  const idleOrder = idle !== undefined && absolute !== undefined && idle > absolute;
  return [
    ...each,
    [fieldNames.softStalenessMs, order ? later : undefined],
    [fieldNames.sessionIdleMs, idleOrder ? 'must not be above the absolute lifetime' : undefined],
    ['settings.factors.remember_devices_days', factorProblem(factors)],
  ];
}

function rangeProblem(value: number | undefined, [least, most]: Range): string | undefined {
  if (value === undefined) return undefined;
  const fits = Number.isSafeInteger(value) && value >= least && value <= most;
  return fits ? undefined : `must be a whole number from ${least} to ${most}`;
}

function factorProblem(factors: TenantSettings['factors']): string | undefined {
  return rangeProblem(factors?.rememberDevicesDays, [0, 365]);
}
