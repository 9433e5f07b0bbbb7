import { DocumentKind } from '#libs/decider/documents.js';

/** Who administers a tenant, under `admins:<tenant>`: guards "the last admin". */
export interface AdminsDocument {
  readonly holders: Readonly<Record<string, AdminHolder>>;
}

export interface AdminHolder {
  readonly suspended: boolean;
  readonly suspendedUntilMs?: number | undefined;
  readonly grants: Readonly<Record<string, AdminGrant>>;
}

export interface AdminGrant {
  readonly role: string;
  readonly expiresAtMs?: number | undefined;
}

export const admins = new DocumentKind<AdminsDocument>('admins');
export const noAdmins: AdminsDocument = { holders: {} };
export const mostAdmins = 100;

export function isAdmin(document: AdminsDocument | undefined, principal: string): boolean {
  return document?.holders[principal] !== undefined;
}

/** Adds a grant, or replaces it (a new expiry). */
export function withAdminGrant(
  document: AdminsDocument,
  principal: string,
  grant: string,
  held: AdminGrant,
): AdminsDocument {
  const holder = document.holders[principal] ?? { suspended: false, grants: {} };
  const grants = { ...holder.grants, [grant]: held };
  return { holders: { ...document.holders, [principal]: { ...holder, grants } } };
}

export function withoutAdminGrant(document: AdminsDocument, grant: string): AdminsDocument {
  return keepGrants(document, (id) => id !== grant);
}

export function withoutAdminRole(document: AdminsDocument, role: string): AdminsDocument {
  return keepGrants(document, (_, held) => held.role !== role);
}

export function withoutHolder(document: AdminsDocument, principal: string): AdminsDocument {
  const entries = Object.entries(document.holders).filter(([id]) => id !== principal);
  return { holders: Object.fromEntries(entries) };
}

export function withSuspension(
  document: AdminsDocument,
  principal: string,
  suspended: boolean,
  suspendedUntilMs?: number,
): AdminsDocument {
  const holder = document.holders[principal];
  if (holder === undefined) return document;
  const until = suspendedUntilMs === undefined ? {} : { suspendedUntilMs };
  const changed: AdminHolder = { suspended, ...until, grants: holder.grants };
  return { holders: { ...document.holders, [principal]: changed } };
}

function keepGrants(
  document: AdminsDocument,
  keep: (grant: string, held: AdminGrant) => boolean,
): AdminsDocument {
  const holders: Record<string, AdminHolder> = {};
  for (const [principal, holder] of Object.entries(document.holders)) {
    const kept = Object.entries(holder.grants).filter(([id, held]) => keep(id, held));
    if (kept.length > 0) holders[principal] = { ...holder, grants: Object.fromEntries(kept) };
  }
  return { holders };
}

/**
 * Whether a change locks the tenant out: it takes away the last admin who can act now, or the last
 * one who stays when every expiry has passed.
 */
export function locksOut(before: AdminsDocument, after: AdminsDocument, nowMs: number): boolean {
  const lost = (counts: (grant: AdminGrant) => boolean): boolean =>
    hasAdmin(before, nowMs, counts) && !hasAdmin(after, nowMs, counts);
  return (
    lost((grant) => grant.expiresAtMs === undefined) ||
    lost((grant) => grant.expiresAtMs === undefined || grant.expiresAtMs > nowMs)
  );
}

function hasAdmin(
  document: AdminsDocument,
  nowMs: number,
  counts: (grant: AdminGrant) => boolean,
): boolean {
  return Object.values(document.holders).some((holder) => {
    const { suspended, suspendedUntilMs } = holder;
    const out = suspended && (suspendedUntilMs === undefined || suspendedUntilMs > nowMs);
    return !out && Object.values(holder.grants).some((grant) => counts(grant));
  });
}
