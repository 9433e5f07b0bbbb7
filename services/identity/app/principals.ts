import type { PrincipalKind } from '#libs/events/catalogue.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import {
  execute,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { sealPassword } from '#services/identity/app/passwords.js';
import { sealing } from '#services/identity/app/sealing.js';
import { loginNames, loginNamesOf } from '#services/identity/domain/login-name/state.js';
import { passwords } from '#services/identity/domain/password/state.js';
import { isActive, principals, profiles } from '#services/identity/domain/principal/state.js';
import type { ExternalIdentity } from '#services/identity/domain/upstream/commands.js';
import type { CanonicalLoginName } from '#services/identity/ports/login-name-index.js';
import type { LoginName, Origin, VaultRef } from '#libs/events/catalogue.js';

/** Personal data as it is sealed. */
export interface Profile {
  readonly displayName: string;
  readonly locale: string;
}

/** A login name, and how it was typed. */
export interface TypedName extends CanonicalLoginName {
  readonly typed: string;
  /** Something that was sent there came back. */
  readonly verified?: boolean;
}

export interface NewPrincipal {
  readonly kind: PrincipalKind;
  readonly names: readonly TypedName[];
  readonly profile: Profile;
  readonly password: { readonly text: string; readonly mustChange: boolean } | undefined;
  /** Default: an administrator makes it. */
  readonly origin?: Origin;
  /** The link that was redeemed for it. */
  readonly challenge?: string;
  /** The account at a provider that it is made for. */
  readonly link?: Omit<ExternalIdentity, 'externalSubject'> & { readonly subject: string };
  readonly signal: AbortSignal;
}

/** Seals names, profile and hash, then registers. */
export function registerPrincipal(
  parts: IdentityParts,
  call: CommandCall,
  given: NewPrincipal,
): Promise<Executed> {
  return sealing(parts, (sealed) => register(sealed, call, given));
}

async function register(
  parts: IdentityParts,
  call: CommandCall,
  given: NewPrincipal,
): Promise<Executed> {
  const { tenant } = call;
  const principal = parts.ids.uuid();
  const owner = { tenant, principal };
  const { kind, names, password, signal } = given;
  const sealedNames = await Promise.all(names.map((name) => sealLoginName(parts, owner, name)));
  const profile = await sealProfile(parts, owner, given.profile);
  const first = password && {
    credential: parts.ids.uuid(),
    ...(await sealPassword(parts, owner, password.text, signal)),
    mustChange: password.mustChange,
  };
  return execute(parts, call, {
    type: 'RegisterPrincipal',
    principal,
    kind,
    profile,
    loginNames: sealedNames,
    origin: given.origin ?? 'ADMIN',
    challenge: given.challenge,
    password: first,
    link: await sealLink(parts, owner, given.link),
  });
}

async function sealLink(
  parts: IdentityParts,
  owner: { readonly tenant: string; readonly principal: string },
  link: NewPrincipal['link'],
): Promise<ExternalIdentity | undefined> {
  if (link === undefined) return undefined;
  const { subject, ...rest } = link;
  const bytes = Buffer.from(subject, 'utf8');
  const externalSubject = await parts.secrets.seal(bytes, { class: 'PROFILE', ...owner });
  return { ...rest, externalSubject };
}

/** An address counts as verified only once a code that was sent to it came back. */
export async function sealLoginName(
  parts: IdentityParts,
  owner: { readonly tenant: string; readonly principal: string },
  name: TypedName,
): Promise<LoginName> {
  const { kind, typed } = name;
  const blindIndex = await parts.loginNames.indexOf(owner.tenant, name);
  const value = await parts.secrets.seal(Buffer.from(typed, 'utf8'), {
    class: 'PROFILE',
    ...owner,
  });
  return { kind, blindIndex, value, verified: name.verified ?? kind === 'USERNAME' };
}

export function sealProfile(
  parts: IdentityParts,
  owner: { readonly tenant: string; readonly principal: string },
  profile: Profile,
): Promise<VaultRef> {
  return parts.secrets.sealJson(profile, { class: 'PROFILE', ...owner });
}

export interface PrincipalDetails {
  readonly principal: string;
  readonly kind: PrincipalKind;
  readonly status: 'ACTIVE' | 'SUSPENDED' | 'DELETED';
  readonly suspendedUntilMs: number | undefined;
  readonly profile: Profile;
  readonly loginNames: readonly {
    readonly kind: CanonicalLoginName['kind'];
    readonly value: string;
    readonly verified: boolean;
  }[];
  readonly hasPassword: boolean;
  readonly mustChangePassword: boolean;
}

/** A principal with its personal data; empty where that was erased. */
export async function principalDetails(
  parts: IdentityParts,
  tenant: string,
  principal: string,
  nowMs: number,
): Promise<PrincipalDetails | undefined> {
  const view = documentsOf(parts.ledger.state);
  const document = principals.read(view, tenant, principal);
  if (document === undefined) return undefined;
  const secret = passwords.read(view, tenant, principal)?.secret;
  const ref = profiles.read(view, tenant, principal)?.profile;
  const indexes = loginNamesOf.read(view, tenant, principal)?.blindIndexes ?? [];
  const names = indexes.flatMap((index) => loginNames.read(view, tenant, index) ?? []);
  const context = { class: 'PROFILE', tenant, principal } as const;
  const [profile, values] = await Promise.all([
    ref && parts.secrets.openJson(ref, context),
    Promise.all(names.map((name) => parts.secrets.open(name.value, context))),
  ]);
  const over = document.status === 'SUSPENDED' && isActive(document, nowMs);
  return {
    principal,
    kind: document.kind,
    status: over ? 'ACTIVE' : document.status,
    suspendedUntilMs: over ? undefined : document.suspendedUntilMs,
    profile: profileOf(profile),
    loginNames: names.map(({ kind, verified }, at) => {
      const bytes = values[at] ?? new Uint8Array(0);
      return { kind, verified, value: Buffer.from(bytes).toString('utf8') };
    }),
    hasPassword: secret !== undefined,
    mustChangePassword: secret?.mustChange ?? false,
  };
}

function profileOf(value: unknown): Profile {
  const fields = (value ?? {}) as Partial<Record<keyof Profile, unknown>>;
  const text = (field: unknown): string => (typeof field === 'string' ? field : '');
  return { displayName: text(fields.displayName), locale: text(fields.locale) };
}
