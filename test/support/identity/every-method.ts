import { EventServiceService } from '#proto/ledgate/events/v1/event_service.js';
import { UpstreamServiceService } from '#proto/ledgate/identity/v1/upstream.js';
import { ClientServiceService, ConsentServiceService } from '#proto/ledgate/identity/v1/client.js';
import { CredentialServiceService } from '#proto/ledgate/identity/v1/credential.js';
import { EndpointRuleServiceService } from '#proto/ledgate/identity/v1/endpoint_rule.js';
import { FactorServiceService } from '#proto/ledgate/identity/v1/factor.js';
import { GrantServiceService } from '#proto/ledgate/identity/v1/grant.js';
import { GroupServiceService } from '#proto/ledgate/identity/v1/group.js';
import { LedgerServiceService } from '#proto/ledgate/identity/v1/ledger.js';
import { LoginServiceService } from '#proto/ledgate/identity/v1/login.js';
import { PrincipalServiceService } from '#proto/ledgate/identity/v1/principal.js';
import { RevocationFeedServiceService } from '#proto/ledgate/identity/v1/revocation_feed.js';
import { RoleServiceService } from '#proto/ledgate/identity/v1/role.js';
import { ScopeServiceService } from '#proto/ledgate/identity/v1/scope.js';
import { SessionServiceService } from '#proto/ledgate/identity/v1/session.js';
import { TenantServiceService } from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService } from '#proto/ledgate/identity/v1/token.js';
import { LedgerServiceService as OperatorLedgerServiceService } from '#proto/ledgate/operator/v1/ledger.js';
import { TimeMachineServiceService } from '#proto/ledgate/operator/v1/time_machine.js';
import type { Method } from './running-identity.js';

/** Every method of identity that answers once, as the protos have it. */
export const everyMethod: readonly Method<Record<string, unknown>, unknown>[] = [
  ClientServiceService,
  ConsentServiceService,
  UpstreamServiceService,
  CredentialServiceService,
  EndpointRuleServiceService,
  FactorServiceService,
  GrantServiceService,
  GroupServiceService,
  LedgerServiceService,
  LoginServiceService,
  PrincipalServiceService,
  RoleServiceService,
  ScopeServiceService,
  SessionServiceService,
  TenantServiceService,
  TokenServiceService,
  OperatorLedgerServiceService,
  TimeMachineServiceService,
].flatMap((service) => Object.values(service) as Method<Record<string, unknown>, unknown>[]);

/** Those that answer with a stream. */
export const everyStream: readonly { readonly path: string }[] = [
  ...Object.values(EventServiceService),
  ...Object.values(RevocationFeedServiceService),
];

/** `TokenService/Login`; services of other packages with the package: `operator.LedgerService/SignHead`. */
export function shortName(path: string): string {
  return path.replace('/ledgate.identity.v1.', '').replace(/^\/ledgate\.([a-z]+)\.v1\./u, '$1.');
}
