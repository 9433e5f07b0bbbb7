import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { accept, refuseFields, reject } from '#services/identity/domain/decision.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import type { ApiKeyCommand, RenameCredential } from './commands.js';
import { createApiKey } from './create.js';
import { rotateApiKey } from './rotate.js';
import { credentialNames, credentials } from './state.js';
import type { CredentialDocument } from './state.js';

export function decideApiKey(command: ApiKeyCommand, view: DocumentReader, facts: Facts): Decision {
  if (command.type === 'CreateApiKey') return createApiKey(command, view, facts);
  if (command.type === 'RotateApiKey') return rotateApiKey(command, view, facts);
  const { credential } = command;
  const document = credentials.read(view, facts.tenant, credential);
  if (document === undefined) return reject('NOT_FOUND', 'no such credential');
  const { principal } = document;
  switch (command.type) {
    case 'RevokeApiKey': {
      if (document.kind !== 'API_KEY') return reject('NOT_FOUND', 'no such API key');
      if (document.status === 'REVOKED') return gone(document);
      return accept({ type: 'ApiKeyRevoked', principal, credential, cause: command.cause });
    }
    case 'RenameCredential':
      return rename(command, document, view, facts);
    case 'BlockCredential': {
      if (document.status !== 'ACTIVE') return gone(document);
      return accept({ type: 'CredentialBlocked', principal, credential, cause: command.cause });
    }
    case 'UnblockCredential': {
      if (document.status !== 'BLOCKED') return gone(document);
      return accept({ type: 'CredentialUnblocked', principal, credential });
    }
  }
}

function rename(
  { credential, name }: RenameCredential,
  document: CredentialDocument,
  view: DocumentReader,
  { tenant }: Facts,
): Decision {
  const refused = refuseFields(['name', freeTextProblem(name, 1, 64)]);
  if (refused !== undefined) return refused;
  if (document.status === 'REVOKED') return gone(document);
  if (credentialNames.read(view, tenant, credential)?.name === name) return accept();
  const { principal } = document;
  return accept({ type: 'CredentialRenamed', principal, credential, name });
}

function gone({ status }: CredentialDocument): Decision {
  return reject('WRONG_STATE', `the credential is ${status.toLowerCase()}`);
}
