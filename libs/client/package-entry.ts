export { connectLedgate, type LedgateOptions } from '#libs/client/connect-ledgate.js';
export { type Ledgate } from '#libs/client/ledgate.js';
export { LedgateError, type LedgateErrorKind } from '#libs/client/ledgate-error.js';
export { type Tls, type TlsOptions } from '#libs/client/rpc/channel-credentials.js';
export { type CallerCredential } from '#libs/client/rpc/rpc.js';
export {
  atLeastAsFresh,
  fullyConsistent,
  type AnyQuestion,
  type BasicCredential,
  type CallOptions,
  type Consistency,
  type Credential,
  type EndpointCall,
  type EndpointQuestion,
  type GrpcCall,
  type HttpCall,
  type PermissionsQuestion,
  type Possession,
  type PresentedProof,
  type Question,
  type Subject,
  type Who,
} from '#libs/client/question.js';
export {
  type Answer,
  type Answered,
  type Authentication,
  type EndpointAnswer,
  type EventRef,
  type Explanation,
  type GrantPath,
  type HeldPermission,
  type Identity,
  type Obligation,
  type PermissionsPage,
} from '#libs/client/answer.js';
export { stepUpRequired, type StepUpRequired } from '#libs/client/step-up-required.js';
export { type BasicTenant } from '#libs/client/guard/credential-of.js';
export { type GuardOptions, type OnUnavailable, type Undecided } from '#libs/client/guard/guard.js';
export {
  currentIdentity,
  identityOf,
  type RequestIdentity,
} from '#libs/client/guard/request-identity.js';
export { resourcePath } from '#libs/client/guard/resource-path.js';
export { rulesFor, type MethodRule, type MethodRules } from '#libs/client/grpc/method-rules.js';
export { type ApiRules } from '#libs/client/grpc/call-parameters.js';
export { protect } from '#libs/client/grpc/protect.js';
export { ledgateExpress, type ExpressGuard } from '#libs/client/http/express.js';
export { ledgateFastify, type FastifyGuard } from '#libs/client/http/fastify.js';
export { ledgateHono, type HonoGuard } from '#libs/client/http/hono.js';
export { type HttpGuardOptions } from '#libs/client/http/http-guard.js';
export { type RouteRule } from '#libs/client/http/route-table.js';
