import {
  type AuthorizeRequest,
  type Consistency as WireConsistency,
  type Credential as WireCredential,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import {
  type Consistency,
  type Credential,
  type Question,
  type Who,
} from '#libs/client/question.js';

export function wireCredential(credential: Credential): WireCredential {
  if ('bearerToken' in credential) {
    return { credential: { $case: 'bearerToken', value: credential.bearerToken } };
  }
  if ('apiKey' in credential) {
    return { credential: { $case: 'apiKey', value: credential.apiKey } };
  }
  return { credential: { $case: 'basic', value: credential.basic } };
}

export function wireWho(who: Who): NonNullable<AuthorizeRequest['who']> {
  return who.credential === undefined
    ? { $case: 'subject', value: who.subject }
    : { $case: 'credential', value: wireCredential(who.credential) };
}

export function wireConsistency(consistency: Consistency | undefined): WireConsistency | undefined {
  if (consistency === undefined) return undefined;
  return 'atLeastAsFresh' in consistency
    ? { requirement: { $case: 'atLeastAsFresh', value: consistency.atLeastAsFresh } }
    : { requirement: { $case: 'fullyConsistent', value: true } };
}

export function wireQuestion(question: Question, consistency?: Consistency): AuthorizeRequest {
  return {
    who: wireWho(question),
    action: question.action,
    resource: question.resource,
    consistency: wireConsistency(consistency),
  };
}
