import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import { accept, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { Rejection } from '#services/identity/domain/decision.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import { factorsOf, passwords } from '#services/identity/domain/password/state.js';
import { livePrincipal } from '#services/identity/domain/principal/state.js';
import { isUsable, linksHeld } from '#services/identity/domain/upstream/state.js';
import type {
  ConsumeRecoveryCode,
  EnrolOtpChannel,
  EnrolTotp,
  FactorCommand,
  GenerateRecoveryCodes,
  RegisterPasskey,
  RemoveFactor,
} from './commands.js';
import { demandsFactor, factorPolicy } from './policy.js';
import { redeemed } from './redeemed.js';
import {
  codesLeft,
  factorsHeld,
  mostFactorsOfKind,
  passkeys,
  recoveryOf,
  type Factor,
} from './state.js';

type Enrolment = EnrolTotp | EnrolOtpChannel | RegisterPasskey;

export function decideFactor(command: FactorCommand, view: DocumentReader, facts: Facts): Decision {
  const { tenant } = facts;
  if (livePrincipal(view, tenant, command.principal) === undefined) {
    return reject('NOT_FOUND', 'no such principal');
  }
  switch (command.type) {
    case 'EnrolTotp': {
      const { type: _, ...event } = command;
      return enrol(command, view, tenant) ?? accept({ type: 'TotpEnrolled', ...event });
    }
    case 'EnrolOtpChannel': {
      const { type: _, ...event } = command;
      return enrol(command, view, tenant) ?? accept({ type: 'OtpChannelEnrolled', ...event });
    }
    case 'RegisterPasskey': {
      const { type: _, ...event } = command;
      if (passkeys.read(view, tenant, command.idSha256) !== undefined) {
        return reject('ALREADY_EXISTS', 'the passkey is registered already');
      }
      return enrol(command, view, tenant) ?? accept({ type: 'PasskeyRegistered', ...event });
    }
    case 'GenerateRecoveryCodes':
      return generate(command, view, tenant);
    case 'ConsumeRecoveryCode':
      return consume(command, view, tenant);
    case 'RemoveFactor':
      return remove(command, view, tenant);
    case 'ResetFactors':
      return reset(command.principal, view, tenant);
  }
}

/** What speaks against a new factor. The account's list is read: two at once cannot pass the limit. */
function enrol(command: Enrolment, view: DocumentReader, tenant: string): Rejection | undefined {
  const { principal, credential, name, challenge } = command;
  const kind = kindOf(command);
  const refused = refuseFields(['name', freeTextProblem(name, 1, 64)]);
  if (refused !== undefined) return refused;
  if (!factorPolicy(view, tenant).allowed.includes(kind)) {
    return reject('WRONG_STATE', 'the tenant does not take factors of this kind');
  }
  if (redeemed.read(view, tenant, challenge) !== undefined) {
    return reject('WRONG_STATE', 'this enrolment is finished already');
  }
  if (credentials.read(view, tenant, credential) !== undefined) {
    return reject('ALREADY_EXISTS', 'the credential exists');
  }
  const held = factorsHeld(view, tenant, principal).filter(({ facts }) => facts.kind === kind);
  if (held.length < mostFactorsOfKind) return undefined;
  return reject('LIMIT_REACHED', `at most ${mostFactorsOfKind} factors of one kind: remove one`);
}

function kindOf(command: Enrolment): 'TOTP' | 'PASSKEY' | 'SMS' | 'EMAIL' {
  switch (command.type) {
    case 'EnrolTotp':
      return 'TOTP';
    case 'EnrolOtpChannel':
      return command.channel;
    case 'RegisterPasskey':
      return 'PASSKEY';
  }
}

/** They stand in for a factor that was lost: without one there is nothing to stand in for. */
function generate(
  { type: _, ...given }: GenerateRecoveryCodes,
  view: DocumentReader,
  tenant: string,
): Decision {
  const { principal, credential } = given;
  if (!factorPolicy(view, tenant).allowed.includes('RECOVERY_CODE')) {
    return reject('WRONG_STATE', 'the tenant does not take recovery codes');
  }
  if (!factorsHeld(view, tenant, principal).some(isActive)) {
    return reject('WRONG_STATE', 'enrol a second factor first');
  }
  const before = recoveryOf.read(view, tenant, principal);
  if (before === undefined && credentials.read(view, tenant, credential) !== undefined) {
    return reject('ALREADY_EXISTS', 'the credential exists');
  }
  const generation = (before?.generation ?? 0) + 1;
  return accept({
    type: 'RecoveryCodesGenerated',
    ...given,
    credential: before?.credential ?? credential,
    generation,
  });
}

function consume(
  { principal, generation, index }: ConsumeRecoveryCode,
  view: DocumentReader,
  tenant: string,
): Decision {
  const document = recoveryOf.read(view, tenant, principal);
  const gone = document?.generation !== generation || document.used.includes(index);
  if (document === undefined || gone || codesLeft(document) === 0) {
    return reject('CREDENTIALS_REJECTED', 'the code is wrong, or was used before');
  }
  const remaining = codesLeft(document) - 1;
  const { credential } = document;
  const event = { principal, credential, generation, index, remaining };
  return accept({ type: 'RecoveryCodeConsumed', ...event });
}

function remove(
  { principal, credential, cause }: RemoveFactor,
  view: DocumentReader,
  tenant: string,
): Decision {
  const held = factorsHeld(view, tenant, principal);
  const factor = held.find((one) => one.credential === credential);
  if (factor === undefined) return reject('NOT_FOUND', 'no such factor');
  const others = held.filter((one) => one !== factor && isActive(one));
  if (cause === 'OWNER' && others.length === 0 && demandsFactor(view, tenant, principal)) {
    return reject('WRONG_STATE', 'the tenant requires a second factor: enrol another one first');
  }
  const password = passwords.read(view, tenant, principal)?.secret;
  const linked = linksHeld(view, tenant, principal).some((link) => isUsable(view, tenant, link));
  const canLogIn =
    linked || password !== undefined || others.some(({ facts }) => facts.kind === 'PASSKEY');
  if (cause === 'OWNER' && !canLogIn) {
    return reject('WRONG_STATE', 'nobody removes the last way to log in for oneself');
  }
  return accept({ type: 'CredentialRemoved', principal, ...removed(factor), cause });
}

/** An administrator's doing: whoever has lost everything starts again with the password alone. */
function reset(principal: string, view: DocumentReader, tenant: string): Decision {
  const held = factorsHeld(view, tenant, principal);
  const recovery = recoveryOf.read(view, tenant, principal);
  const cause = 'ADMIN';
  const events = held.map((factor) => {
    const what = removed(factor);
    return { type: 'CredentialRemoved', principal, ...what, cause } as const;
  });
  if (events.length === 0 && codesLeft(recovery) === 0) {
    return reject('NOT_FOUND', 'the principal has no second factor');
  }
  const codes =
    recovery?.codes === undefined
      ? []
      : [
          {
            type: 'CredentialRemoved',
            principal,
            credential: recovery.credential,
            kind: 'RECOVERY_CODES',
            cause,
          } as const,
        ];
  // The list is read even where it is empty: a factor that is enrolled meanwhile voids this.
  factorsOf.read(view, tenant, principal);
  return accept(...events, ...codes, { type: 'SessionsInvalidated', principal, cause });
}

function removed({ credential, facts }: Factor): {
  readonly credential: string;
  readonly kind: 'TOTP' | 'OTP_CHANNEL' | 'PASSKEY';
} {
  const kind = facts.kind === 'TOTP' || facts.kind === 'PASSKEY' ? facts.kind : 'OTP_CHANNEL';
  return { credential, kind };
}

function isActive({ status }: Factor): boolean {
  return status === 'ACTIVE';
}
