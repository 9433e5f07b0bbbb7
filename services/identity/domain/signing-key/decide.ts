import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import type { DomainEvent, SigningKeyActivated } from '#libs/events/catalogue.js';
import { systemTenant } from '#libs/events/envelope.js';
import { accept, refuseFields, reject } from '#services/identity/domain/decision.js';
import type { PublishSigningKey, RotateSigningKey, SigningKeyCommand } from './commands.js';
import { keyrings, mostSigningKeys, signingKeys } from './state.js';
import type { KeyringDocument, SigningKeyDocument } from './state.js';

/** A key is published, then signs, then only verifies until its last token has expired, then goes. */
export function decideSigningKey(
  command: SigningKeyCommand,
  view: DocumentReader,
  facts: Facts,
): Decision {
  if (facts.tenant !== systemTenant) {
    return reject('PERMISSION_DENIED', 'signing keys belong to the system tenant');
  }
  if (command.type === 'PublishSigningKey' || command.type === 'RotateSigningKey') {
    return publish(command, view, facts);
  }
  const { kid } = command;
  const key = signingKeys.read(view, '', kid);
  if (key === undefined) return reject('NOT_FOUND', 'no such signing key');
  const { issuer } = key;
  const ring = keyrings.read(view, '', issuer) ?? { kids: [] };
  switch (command.type) {
    case 'ActivateSigningKey':
      return activate(kid, key, ring, command.retireAfterMs, facts);
    case 'RemoveSigningKey':
      return remove(kid, key, facts);
    case 'CompromiseSigningKey': {
      if (key.status === 'COMPROMISED') return accept();
      if (ring.active === undefined || ring.active === kid) {
        return reject('WRONG_STATE', 'another key must be active first: rotate, then repeat');
      }
      return accept({ type: 'SigningKeyCompromised', kid, issuer });
    }
  }
}

function publish(
  command: PublishSigningKey | RotateSigningKey,
  view: DocumentReader,
  { nowMs }: Facts,
): Decision {
  const { kid, issuer, algorithm, publicJwk, privateKey } = command;
  const ring = keyrings.read(view, '', issuer) ?? { kids: [] };
  if (signingKeys.read(view, '', kid) !== undefined) {
    return reject('ALREADY_EXISTS', 'the signing key exists');
  }
  if (ring.kids.length >= mostSigningKeys) {
    return reject(
      'LIMIT_REACHED',
      `an issuer has at most ${mostSigningKeys} keys; remove old ones`,
    );
  }
  const rotate = command.type === 'RotateSigningKey';
  const activateNotBeforeMs = rotate ? nowMs : command.activateNotBeforeMs;
  const key = { kid, issuer, algorithm, publicJwk, privateKey, activateNotBeforeMs };
  const published: DomainEvent = { type: 'SigningKeyPublished', ...key };
  if (!rotate) return accept(published);
  return (
    retirementProblem(command.retireAfterMs, nowMs) ??
    accept(published, activation(kid, issuer, ring, command.retireAfterMs))
  );
}

function activate(
  kid: string,
  key: SigningKeyDocument,
  ring: KeyringDocument,
  retireAfterMs: number,
  { nowMs }: Facts,
): Decision {
  if (key.status !== 'PUBLISHED') {
    return reject('WRONG_STATE', `the key is ${key.status.toLowerCase()}`);
  }
  if (nowMs < key.activateNotBeforeMs) {
    return reject('WRONG_STATE', 'the key was published too recently to sign', {
      activate_not_before_ms: String(key.activateNotBeforeMs),
    });
  }
  return (
    retirementProblem(retireAfterMs, nowMs) ??
    accept(activation(kid, key.issuer, ring, retireAfterMs))
  );
}

function activation(
  kid: string,
  issuer: string,
  { active }: KeyringDocument,
  retireAfterMs: number,
): SigningKeyActivated {
  if (active === undefined) return { type: 'SigningKeyActivated', kid, issuer };
  return { type: 'SigningKeyActivated', kid, issuer, previousKid: active, retireAfterMs };
}

function retirementProblem(retireAfterMs: number, nowMs: number): Decision | undefined {
  const fits = Number.isSafeInteger(retireAfterMs) && retireAfterMs >= nowMs;
  return refuseFields(['retire_after_ms', fits ? undefined : 'must not lie in the past']);
}

function remove(kid: string, key: SigningKeyDocument, { nowMs }: Facts): Decision {
  const { issuer, status, retireAfterMs } = key;
  if (status === 'ACTIVE') return reject('IN_USE', 'the key signs: activate another first');
  if (status === 'RETIRING' && nowMs < (retireAfterMs ?? Infinity)) {
    return reject('IN_USE', 'tokens of this key may still live', {
      retire_after_ms: String(retireAfterMs),
    });
  }
  return accept({ type: 'SigningKeyRemoved', kid, issuer });
}
