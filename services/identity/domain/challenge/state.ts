import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentReader, DocumentWriter } from '#libs/decider/documents.js';
import { presentFields } from '#libs/decider/present-fields.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';
import { reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';

type ChallengeIssued = Extract<DomainEvent, { type: 'ChallengeIssued' }>;

export interface ChallengeDocument {
  readonly used: boolean;
  readonly expiresAtMs: number;
  /** Absent: nothing was known of it before it was used (a sealed ticket). */
  readonly issued?: Omit<ChallengeIssued, 'type' | 'challenge' | 'expiresAtMs'>;
}

/** By the id of a challenge, or by the hash of a sealed one that was never written. */
export const challenges = new DocumentKind<ChallengeDocument>('challenge');

/** When challenges of a kind were sent to a principal: the newest, in order. */
export const challengeSlots = new DocumentKind<{
  readonly sentAtMs: readonly number[];
  readonly expiresAtMs: number;
}>('challenge-slot');

const mostRemembered = 20;
const dayMs = 86_400_000;

export function slotId(principal: string, kind: string, device?: string): string {
  return device === undefined ? `${principal},${kind}` : `${principal},${kind},${device}`;
}

/** Why a challenge cannot be used up now, by a record that has its effect. */
export function challengeProblem(
  view: DocumentReader,
  tenant: string,
  challenge: string,
  nowMs: number,
): Rejection | undefined {
  const document = challenges.read(view, tenant, challenge);
  if (document === undefined) return undefined;
  if (document.used) return reject('ALREADY_USED', 'this was used before; begin again');
  if (document.expiresAtMs > nowMs) return undefined;
  return reject('CREDENTIALS_REJECTED', 'the code has expired; ask for a new one');
}

/** A sealed challenge expires long before its mark is swept. */
export function useChallenge(
  to: DocumentWriter,
  tenant: string,
  challenge: string,
  atMs: number,
): void {
  const before = challenges.read(to, tenant, challenge);
  const expiresAtMs = before?.expiresAtMs ?? atMs + dayMs;
  challenges.put(to, tenant, challenge, { used: true, expiresAtMs });
}

export type ChallengeEvent = Extract<
  DomainEvent,
  { type: 'ChallengeIssued' | 'ChallengeAttempted' }
>;

export function evolveChallenge(
  event: ChallengeEvent,
  to: DocumentWriter,
  { tenant, atMs }: EventContext,
): void {
  const { challenge } = event;
  switch (event.type) {
    case 'ChallengeIssued': {
      const { type: _, challenge: __, expiresAtMs, ...rest } = event;
      const issued = presentFields(rest);
      challenges.put(to, tenant, challenge, { used: false, expiresAtMs, issued });
      const slot = slotId(event.principal, event.kind, event.device);
      const before = challengeSlots.read(to, tenant, slot)?.sentAtMs ?? [];
      const sentAtMs = [...before, atMs].slice(-mostRemembered);
      return challengeSlots.put(to, tenant, slot, { sentAtMs, expiresAtMs: atMs + dayMs });
    }
    case 'ChallengeAttempted': {
      const tries = event.triesLeft;
      return challenges.change(to, tenant, challenge, (it) =>
        it.issued === undefined ? it : { ...it, issued: { ...it.issued, tries } },
      );
    }
  }
}
