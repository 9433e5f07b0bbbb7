import type { TenantSettings } from '#libs/events/catalogue.js';

const second = 1000;
const minute = 60 * second;

type Range = readonly [least: number, most: number];

/** Bounds of each setting; durations in ms, lengths in code points. */
const ranges: Readonly<Record<keyof TenantSettings, Range>> = {
  passwordMinLength: [8, 64],
  accessTokenTtlMs: [minute, 60 * minute],
  softStalenessMs: [second, 5 * minute],
  hardStalenessMs: [second, 15 * minute],
};

const fieldNames: Readonly<Record<keyof TenantSettings, string>> = {
  passwordMinLength: 'settings.password_min_length',
  accessTokenTtlMs: 'settings.access_token_ttl_ms',
  softStalenessMs: 'settings.soft_staleness_ms',
  hardStalenessMs: 'settings.hard_staleness_ms',
};

/** Problems of the settings of a tenant, as `[field, problem]`. */
export function settingsProblems(
  settings: TenantSettings,
): (readonly [string, string | undefined])[] {
  const { softStalenessMs: soft, hardStalenessMs: hard } = settings;
  const order = soft !== undefined && hard !== undefined && soft > hard;
  const each = (Object.keys(ranges) as (keyof TenantSettings)[]).map(
    (name) => [fieldNames[name], rangeProblem(settings[name], ranges[name])] as const,
  );
  const later = 'must not be above the hard limit';
  return [...each, [fieldNames.softStalenessMs, order ? later : undefined]];
}

function rangeProblem(value: number | undefined, [least, most]: Range): string | undefined {
  if (value === undefined) return undefined;
  const fits = Number.isSafeInteger(value) && value >= least && value <= most;
  return fits ? undefined : `must be a whole number from ${least} to ${most}`;
}
