import { Option, type Command } from 'commander';
import { FactorKind } from '#proto/ledgate/identity/v1/login.js';
import {
  FactorDemand,
  type FactorPolicy,
  type TenantSettings,
} from '#proto/ledgate/identity/v1/tenant.js';
import { duration, whole } from '../cli/values.js';

const demands = {
  nobody: FactorDemand.FACTOR_DEMAND_NOBODY,
  admins: FactorDemand.FACTOR_DEMAND_ADMINS,
  everybody: FactorDemand.FACTOR_DEMAND_EVERYBODY,
} as const;

/** Kinds of second factors as they are typed. */
export const factorKinds = {
  totp: FactorKind.FACTOR_KIND_TOTP,
  passkey: FactorKind.FACTOR_KIND_PASSKEY,
  sms: FactorKind.FACTOR_KIND_SMS,
  email: FactorKind.FACTOR_KIND_EMAIL,
  'recovery-code': FactorKind.FACTOR_KIND_RECOVERY_CODE,
} as const;

const onOff = ['on', 'off'] as const;
type OnOff = (typeof onOff)[number];

export interface SettingFlags {
  readonly passwordMinLength?: number;
  readonly accessTokenTtl?: number;
  readonly softStaleness?: number;
  readonly hardStaleness?: number;
  readonly secondFactor?: keyof typeof demands;
  readonly factors?: (keyof typeof factorKinds)[];
  readonly rememberDevices?: number;
  readonly basicWithoutFactor?: OnOff;
  readonly selfSignUp?: OnOff;
  readonly mailUnverified?: OnOff;
  readonly sessionIdle?: number;
  readonly sessionLifetime?: number;
  readonly sessionLimit?: number;
}

export function withSettings(command: Command): Command {
  const choice = (flags: string, text: string, choices: readonly string[]): Option =>
    new Option(flags, text).choices(choices);
  return command
    .option('--password-min-length <n>', 'code points, 8 to 64', whole)
    .option('--access-token-ttl <time>', 'e.g. 10m', duration)
    .option('--soft-staleness <time>', 'answers older than this are marked', duration)
    .option('--hard-staleness <time>', 'answers older than this are refused', duration)
    .addOption(
      choice('--second-factor <who>', 'who must have a second factor', Object.keys(demands)),
    )
    .addOption(
      choice('--factors <kinds...>', 'second factors that may be added', Object.keys(factorKinds)),
    )
    .option('--remember-devices <days>', 'a device need not be asked again; 0: never', whole)
    .addOption(choice('--basic-without-factor <on|off>', 'HTTP Basic: password alone', onOff))
    .addOption(choice('--self-sign-up <on|off>', 'anybody may make an account by mail', onOff))
    .addOption(
      choice('--mail-unverified <on|off>', 'mail to addresses that nobody has verified', onOff),
    )
    .option('--session-idle <time>', 'a session ends when unused for so long', duration)
    .option('--session-lifetime <time>', 'a session ends in any case', duration)
    .option('--session-limit <n>', 'sessions of one principal', whole);
}

/** `before`: the policy as it is; it is set as a whole, so what is not named stays. */
export function settingsFrom(flags: SettingFlags, before?: FactorPolicy): TenantSettings {
  const ms = (value: number | undefined) => (value === undefined ? undefined : BigInt(value));
  return {
    passwordMinLength: flags.passwordMinLength,
    accessTokenTtlMs: ms(flags.accessTokenTtl),
    softStalenessMs: ms(flags.softStaleness),
    hardStalenessMs: ms(flags.hardStaleness),
    factors: policyFrom(flags, before),
    sessionIdleMs: ms(flags.sessionIdle),
    sessionAbsoluteMs: ms(flags.sessionLifetime),
    sessionLimit: flags.sessionLimit,
    refreshIdleMs: undefined,
    refreshAbsoluteMs: undefined,
    refreshGraceMs: undefined,
    outageGraceMs: undefined,
    offlineTokenTtlMs: undefined,
    selfSignUp: flags.selfSignUp === undefined ? undefined : flags.selfSignUp === 'on',
    mailUnverified: flags.mailUnverified === undefined ? undefined : flags.mailUnverified === 'on',
  };
}

function policyFrom(flags: SettingFlags, before: FactorPolicy | undefined) {
  const { secondFactor, factors, rememberDevices, basicWithoutFactor } = flags;
  const named = [secondFactor, factors, rememberDevices, basicWithoutFactor];
  if (named.every((flag) => flag === undefined)) return undefined;
  const demand = before?.requiredFor ?? FactorDemand.FACTOR_DEMAND_NOBODY;
  return {
    allowed: factors?.map((kind) => factorKinds[kind]) ?? before?.allowed ?? [],
    requiredFor: secondFactor === undefined ? demand : demands[secondFactor],
    rememberDevicesDays: rememberDevices ?? before?.rememberDevicesDays ?? 0,
    basicWithoutFactor:
      basicWithoutFactor === undefined ? before?.basicWithoutFactor : basicWithoutFactor === 'on',
  };
}
