import {
  type AuthorizeRequest,
  type Consistency as WireConsistency,
  type Endpoint,
  type Credential as WireCredential,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import {
  type AnyQuestion,
  type Consistency,
  type Credential,
  type EndpointCall,
  type Who,
} from '#libs/client/question.js';

export function wireCredential(credential: Credential): WireCredential {
  if ('bearerToken' in credential) {
    const bearer = { $case: 'bearerToken' as const, value: credential.bearerToken };
    const { possession } = credential;
    if (possession === undefined) return { credential: bearer };
    const whole = { certificateSha256: '', verifiedJkt: '', ...possession };
    return { credential: bearer, possession: whole };
  }
  if ('sessionToken' in credential) {
    return { credential: { $case: 'sessionToken', value: credential.sessionToken } };
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

export function wireQuestion(question: AnyQuestion, consistency?: Consistency): AuthorizeRequest {
  const fresh = wireConsistency(consistency);
  if ('endpoint' in question) {
    const endpoint = wireEndpoint(question.endpoint);
    const named = question.credential !== undefined || question.subject !== undefined;
    const who = named ? wireWho(question) : undefined;
    return { who, action: '', resource: '', consistency: fresh, endpoint };
  }
  const { action, resource } = question;
  return { who: wireWho(question), action, resource, consistency: fresh };
}

function wireEndpoint({ api, call, parameters = {}, tenantId = '' }: EndpointCall): Endpoint {
  const wire: Endpoint['call'] =
    'grpcMethod' in call
      ? { $case: 'grpcMethod', value: call.grpcMethod }
      : { $case: 'http', value: { method: call.httpMethod, path: call.path } };
  return { api, call: wire, parameters: { ...parameters }, tenantId };
}
