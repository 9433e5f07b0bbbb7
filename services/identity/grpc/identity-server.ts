import type { Server } from '@grpc/grpc-js';
import { addReflection } from '#libs/grpc/reflection.js';
import { createServer } from '#libs/grpc/server.js';
import { EventServiceService } from '#proto/ledgate/events/v1/event_service.js';
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
import { UpstreamServiceService } from '#proto/ledgate/identity/v1/upstream.js';
import { LedgerServiceService as OperatorLedgerServiceService } from '#proto/ledgate/operator/v1/ledger.js';
import { TimeMachineServiceService } from '#proto/ledgate/operator/v1/time_machine.js';
import type { LedgerCheckpoints } from '#services/identity/app/upkeep.js';
import { pastOf } from '#services/identity/app/past-questions.js';
import type { Admission } from '#services/identity/grpc/admission.js';
import { clientService } from '#services/identity/grpc/client-service.js';
import { consentService } from '#services/identity/grpc/consent-service.js';
import { credentialService } from '#services/identity/grpc/credential-service.js';
import { endpointRuleService } from '#services/identity/grpc/endpoint-rule-service.js';
import { eventService, type Streams } from '#services/identity/grpc/event-service.js';
import { factorService } from '#services/identity/grpc/factor-service.js';
import { grantService } from '#services/identity/grpc/grant-service.js';
import { groupService } from '#services/identity/grpc/group-service.js';
import { ledgerService } from '#services/identity/grpc/ledger-service.js';
import { loginService } from '#services/identity/grpc/login-service.js';
import { operatorLedgerService } from '#services/identity/grpc/operator-ledger-service.js';
import { principalService } from '#services/identity/grpc/principal-service.js';
import { revocationFeedService } from '#services/identity/grpc/revocation-feed-service.js';
import { roleService } from '#services/identity/grpc/role-service.js';
import { scopeService } from '#services/identity/grpc/scope-service.js';
import { sessionService } from '#services/identity/grpc/session-service.js';
import { tenantService } from '#services/identity/grpc/tenant-service.js';
import { timeMachineService } from '#services/identity/grpc/time-machine-service.js';
import { tokenService } from '#services/identity/grpc/token-service.js';
import { upstreamService } from '#services/identity/grpc/upstream-service.js';

/** Full names of the services of identity. */
export const identityServices: readonly string[] = [
  'ClientService',
  'ConsentService',
  'CredentialService',
  'EndpointRuleService',
  'FactorService',
  'GrantService',
  'GroupService',
  'LedgerService',
  'LoginService',
  'PrincipalService',
  'RevocationFeedService',
  'RoleService',
  'ScopeService',
  'SessionService',
  'TenantService',
  'TokenService',
  'UpstreamService',
]
  .map((name) => `ledgate.identity.v1.${name}`)
  .concat(
    'ledgate.events.v1.EventService',
    'ledgate.operator.v1.LedgerService',
    'ledgate.operator.v1.TimeMachineService',
  );

/** Largest request: the endpoint rules of an API, which fit into one record of the ledger. */
const MAX_REQUEST_BYTES = 512 * 1024;

/** A server with every service of identity; it does not listen yet. */
export function identityServer(
  admission: Admission,
  checkpoints: LedgerCheckpoints,
  streams: Streams,
  reflection: boolean,
): Server {
  const server = createServer({ maxReceiveBytes: MAX_REQUEST_BYTES });
  server.addService(ClientServiceService, clientService(admission));
  server.addService(ConsentServiceService, consentService(admission));
  server.addService(CredentialServiceService, credentialService(admission));
  server.addService(EventServiceService, eventService(admission, streams));
  server.addService(EndpointRuleServiceService, endpointRuleService(admission));
  server.addService(FactorServiceService, factorService(admission));
  server.addService(GrantServiceService, grantService(admission));
  server.addService(GroupServiceService, groupService(admission));
  server.addService(LedgerServiceService, ledgerService(admission));
  server.addService(LoginServiceService, loginService(admission));
  server.addService(PrincipalServiceService, principalService(admission));
  server.addService(
    RevocationFeedServiceService,
    revocationFeedService(admission, streams.closing),
  );
  server.addService(RoleServiceService, roleService(admission));
  server.addService(ScopeServiceService, scopeService(admission));
  server.addService(SessionServiceService, sessionService(admission));
  server.addService(TenantServiceService, tenantService(admission));
  server.addService(TokenServiceService, tokenService(admission));
  server.addService(UpstreamServiceService, upstreamService(admission));
  server.addService(OperatorLedgerServiceService, operatorLedgerService(admission, checkpoints));
  const { ledger, sessions } = admission.parts;
  const past = timeMachineService(admission, pastOf(ledger), pastOf(sessions));
  server.addService(TimeMachineServiceService, past);
  if (reflection) addReflection(server, [...identityServices, 'grpc.health.v1.Health']);
  return server;
}
