import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import type { DomainEvent, VaultRef } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import {
  credentialNames,
  credentials,
  type CredentialDocument,
} from '#services/identity/domain/api-key/state.js';
import { earlierWith } from '#services/identity/domain/erasure/earlier-blobs.js';
import type { WithEarlier } from '#services/identity/domain/erasure/earlier-blobs.js';
import { factorsOf } from '#services/identity/domain/password/state.js';
import { blobOf, type FactorFacts } from './facts.js';
import { redeem } from './redeemed.js';

export interface RecoveryDocument extends WithEarlier {
  readonly credential: string;
  readonly generation: number;
  readonly codes?: VaultRef;
  /** Codes that are burnt, by their index. */
  readonly used: readonly number[];
  readonly count: number;
}

export const recoveryOf = new DocumentKind<RecoveryDocument>('recovery-of');
/** SHA-256 of the WebAuthn id → whose it is. */
export const passkeys = new DocumentKind<{
  readonly credential: string;
  readonly principal: string;
}>('passkey');

/** Second factors of one kind that a principal may have. */
export const mostFactorsOfKind = 10;

export interface Factor {
  readonly credential: string;
  readonly name: string;
  readonly status: CredentialDocument['status'];
  readonly facts: FactorFacts;
}

/** The second factors of a principal, blocked ones too, in the order of their enrolment. */
export function factorsHeld(
  view: DocumentReader,
  tenant: string,
  principal: string,
): readonly Factor[] {
  const ids = factorsOf.read(view, tenant, principal)?.credentials ?? [];
  return ids.flatMap((credential) => {
    const document = credentials.read(view, tenant, credential);
    if (document?.factor === undefined) return [];
    const name = credentialNames.read(view, tenant, credential)?.name ?? '';
    return [{ credential, name, status: document.status, facts: document.factor }];
  });
}

/** Recovery codes that are left. */
export function codesLeft(document: RecoveryDocument | undefined): number {
  return document?.codes === undefined ? 0 : document.count - document.used.length;
}

export type FactorStateEvent = Extract<
  DomainEvent,
  {
    type:
      | 'TotpEnrolled'
      | 'OtpChannelEnrolled'
      | 'PasskeyRegistered'
      | 'RecoveryCodesGenerated'
      | 'RecoveryCodeConsumed';
  }
>;

export function evolveFactor(
  event: FactorStateEvent,
  to: DocumentWriter,
  context: EventContext,
): void {
  const { tenant, atMs: createdAtMs } = context;
  const { principal } = event;
  switch (event.type) {
    case 'TotpEnrolled': {
      const { seed, algorithm, digits, periodSeconds, firstStep } = event;
      const form = { algorithm, digits, periodSeconds, firstStep };
      return enrol(event, { kind: 'TOTP', seed, ...form, createdAtMs }, to, context);
    }
    case 'OtpChannelEnrolled': {
      const { channel: kind, blindIndex, address } = event;
      return enrol(event, { kind, blindIndex, address, createdAtMs }, to, context);
    }
    case 'PasskeyRegistered': {
      const { webauthnId, publicKey, transports, discoverable, backupEligible, signCount } = event;
      const key = { webauthnId, publicKey, transports, discoverable, backupEligible, signCount };
      passkeys.put(to, tenant, event.idSha256, { credential: event.credential, principal });
      return enrol(event, { kind: 'PASSKEY', ...key, createdAtMs }, to, context);
    }
    case 'RecoveryCodesGenerated': {
      const { credential, generation, count, codes } = event;
      const before = recoveryOf.read(to, tenant, principal);
      const earlier = earlierWith(before, before?.codes?.id);
      const document = { credential, generation, count, codes, used: [], ...earlier };
      recoveryOf.put(to, tenant, principal, document);
      const status = 'ACTIVE';
      return credentials.put(to, tenant, credential, { kind: 'RECOVERY_CODES', principal, status });
    }
    case 'RecoveryCodeConsumed':
      redeem(to, tenant, event.challenge, context.position);
      return recoveryOf.change(to, tenant, principal, (it) =>
        it.generation === event.generation ? { ...it, used: [...it.used, event.index] } : it,
      );
  }
}

function enrol(
  event: Exclude<
    FactorStateEvent,
    { type: 'RecoveryCodesGenerated' } | { type: 'RecoveryCodeConsumed' }
  >,
  factor: FactorFacts,
  to: DocumentWriter,
  { tenant, position }: EventContext,
): void {
  const { principal, credential, name, challenge } = event;
  const kind = credentialKinds[factor.kind];
  credentials.put(to, tenant, credential, { kind, principal, status: 'ACTIVE', factor });
  credentialNames.put(to, tenant, credential, { name });
  const document = factorsOf.read(to, tenant, principal);
  const held = document?.credentials ?? [];
  factorsOf.put(to, tenant, principal, { ...document, credentials: [...held, credential] });
  redeem(to, tenant, challenge, position);
}

/** Forgets a factor, but not the blob that it pointed to. */
export function evolveRemovedFactor(
  { principal, credential, kind }: Extract<DomainEvent, { type: 'CredentialRemoved' }>,
  to: DocumentWriter,
  { tenant }: EventContext,
): void {
  const before = credentials.read(to, tenant, credential);
  if (before === undefined) return;
  const { factor, ...rest } = before;
  credentials.put(to, tenant, credential, { ...rest, status: 'REVOKED' });
  if (kind === 'RECOVERY_CODES') {
    return recoveryOf.change(to, tenant, principal, ({ codes, ...it }) => ({
      ...it,
      ...earlierWith(it, codes?.id),
    }));
  }
  factorsOf.change(to, tenant, principal, (it) => ({
    ...it,
    credentials: it.credentials.filter((id) => id !== credential),
    ...earlierWith(it, factor && blobOf(factor)),
  }));
}

const credentialKinds = {
  TOTP: 'TOTP',
  SMS: 'OTP_CHANNEL',
  EMAIL: 'OTP_CHANNEL',
  PASSKEY: 'PASSKEY',
} as const satisfies Record<FactorFacts['kind'], CredentialDocument['kind']>;

/** Blobs that factors and linked accounts of a principal point to, or once did: erasing it must find them. */
export function factorBlobs(
  view: DocumentReader,
  tenant: string,
  principal: string,
): readonly string[] {
  const held = factorsHeld(view, tenant, principal).flatMap(({ facts }) => blobOf(facts) ?? []);
  const recovery = recoveryOf.read(view, tenant, principal);
  const document = factorsOf.read(view, tenant, principal);
  return [
    ...held,
    ...(document?.links ?? []).map(({ subject }) => subject.id),
    ...(document?.earlier ?? []),
    ...(recovery?.codes === undefined ? [] : [recovery.codes.id]),
    ...(recovery?.earlier ?? []),
  ];
}
