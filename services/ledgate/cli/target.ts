import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Failure } from '#libs/errors/failure.js';

/** Where a command goes and as whom. */
export interface Target {
  /** `host:port` of identity and of the authorizer. */
  readonly identity: string;
  readonly authorizer: string;
  /** API key or access token of whoever types. */
  readonly credential: string | undefined;
  /** Tenant that commands are about; undefined: the caller's own. */
  readonly tenant: string | undefined;
  /** PEM files for TLS. */
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

/** What `ledgate dev` leaves in the data folder, so that nothing must be typed. */
const profileShape = z.object({
  identity: z.string().optional(),
  authorizer: z.string().optional(),
  issuer: z.string().optional(),
  credential: z.string().optional(),
  tenant: z.string().optional(),
  ca: z.string().optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
});
export type Profile = z.infer<typeof profileShape>;

export const profileFile = 'ledgate.json';

export interface TargetFlags extends Profile {
  readonly data: string;
}

/** Variables of the command line; services of the same shell must not take them for typos. */
export const targetVariables = [
  'LEDGATE_IDENTITY_URL',
  'LEDGATE_AUTHORIZER_URL',
  'LEDGATE_CREDENTIAL',
  'LEDGATE_TENANT',
  'LEDGATE_CA',
  'LEDGATE_CERT',
  'LEDGATE_KEY',
] as const;

/** Flags win over the environment, the environment over the profile in the data folder. */
export function resolveTarget(flags: TargetFlags, env: NodeJS.ProcessEnv): Target {
  const profile = readProfile(flags.data);
  return {
    identity: flags.identity ?? env['LEDGATE_IDENTITY_URL'] ?? profile.identity ?? '127.0.0.1:7401',
    authorizer:
      flags.authorizer ?? env['LEDGATE_AUTHORIZER_URL'] ?? profile.authorizer ?? '127.0.0.1:7402',
    credential: flags.credential ?? env['LEDGATE_CREDENTIAL'] ?? profile.credential,
    tenant: flags.tenant ?? env['LEDGATE_TENANT'] ?? profile.tenant,
    ca: flags.ca ?? env['LEDGATE_CA'] ?? profile.ca,
    cert: flags.cert ?? env['LEDGATE_CERT'] ?? profile.cert,
    key: flags.key ?? env['LEDGATE_KEY'] ?? profile.key,
  };
}

/** What the profile in a data folder says; nothing where there is none. */
export function readProfile(folder: string): Profile {
  const file = join(folder, profileFile);
  if (!existsSync(file)) return {};
  const parsed = profileShape.safeParse(parseJson(readFileSync(file, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Failure('MISCONFIGURED', `${file} is no profile: delete it, or fix it`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
