import { Metadata, Server, ServerCredentials, status, type sendUnaryData } from '@grpc/grpc-js';
import {
  AuthorizerServiceService,
  Decision,
  type AuthenticateRequest,
  type AuthenticateResponse,
  type AuthorizeRequest,
  type AuthorizeResponse,
  type BatchAuthorizeRequest,
  type ExplainResponse,
  type ListPermissionsRequest,
  type ListPermissionsResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { ErrorInfo, RetryInfo } from '#proto/google/rpc/error_details.js';
import { Status } from '#proto/google/rpc/status.js';

export const answered = { position: 7n, stalenessMs: 3n, stale: false, sessionPosition: 4n };

/** The answer of a script; what is left out is a plain denial. */
export function wireAnswer(fields: Partial<AuthorizeResponse> = {}): AuthorizeResponse {
  return {
    decision: Decision.DECISION_DENY,
    reason: 'NO_GRANT',
    tenantId: 't1',
    principalId: 'p1',
    validUntilMs: 0n,
    answered: undefined,
    decisionId: 'd1',
    obligations: [],
    ...fields,
  };
}

export const allowed = (fields: Partial<AuthorizeResponse> = {}): AuthorizeResponse =>
  wireAnswer({ decision: Decision.DECISION_ALLOW, reason: 'ALLOWED', ...fields });

/** A gRPC error as the services send it: with ErrorInfo, and RetryInfo where there is one. */
export class ScriptedStatus extends Error {
  readonly metadata = new Metadata();
  readonly code: status;

  constructor(code: status, reason?: string, retryAfterMs?: number, retryable?: boolean) {
    super(status[code]);
    this.code = code;
    const details: Status['details'] = [];
    const add = (name: string, value: Uint8Array) =>
      details.push({
        typeUrl: `type.googleapis.com/google.rpc.${name}`,
        value: Buffer.from(value),
      });
    if (reason !== undefined) {
      const said = retryable === undefined ? {} : { retryable: String(retryable) };
      const info = { reason, domain: 'ledgate', metadata: said };
      add('ErrorInfo', ErrorInfo.encode(info).finish());
    }
    if (retryAfterMs !== undefined) {
      const retryDelay = { seconds: 0n, nanos: retryAfterMs * 1e6 };
      add('RetryInfo', RetryInfo.encode({ retryDelay }).finish());
    }
    if (details.length > 0) {
      const packed = Status.encode({ code, message: this.message, details }).finish();
      this.metadata.set('grpc-status-details-bin', Buffer.from(packed));
    }
  }
}

type Answering<Request, Response> = (request: Request) => Response | Promise<Response>;

/** Answers of a test; each may throw a `ScriptedStatus`. */
export interface Script {
  authorize?: Answering<AuthorizeRequest, AuthorizeResponse>;
  /** Runs before the questions of a batch are answered by `authorize`. */
  batch?: (request: BatchAuthorizeRequest) => void | Promise<void>;
  /** Changes what a batch answers. */
  batchAnswers?: (responses: AuthorizeResponse[]) => AuthorizeResponse[];
  authenticate?: Answering<AuthenticateRequest, AuthenticateResponse>;
  listPermissions?: Answering<ListPermissionsRequest, ListPermissionsResponse>;
  explain?: Answering<AuthorizeRequest, ExplainResponse>;
}

export interface ScriptedAuthorizer {
  readonly address: string;
  /** Replaced by tests while it runs. */
  script: Script;
  /** What arrived, in order: method name, caller's authorization, request. */
  readonly calls: { method: string; authorization: string; request: unknown }[];
  readonly stop: () => Promise<void>;
}

const missing = () => {
  throw new ScriptedStatus(status.UNIMPLEMENTED);
};

function handlersOf(authorizer: ScriptedAuthorizer) {
  function handle<Request, Response>(method: string, answer: Answering<Request, Response>) {
    return async (
      call: { request: Request; metadata: Metadata },
      callback: sendUnaryData<Response>,
    ): Promise<void> => {
      const authorization = call.metadata.get('authorization').join();
      authorizer.calls.push({ method, authorization, request: call.request });
      try {
        callback(null, await answer(call.request));
      } catch (error) {
        if (!(error instanceof ScriptedStatus)) throw error;
        callback({ code: error.code, details: error.message, metadata: error.metadata });
      }
    };
  }
  const authorize = async (request: AuthorizeRequest) =>
    (authorizer.script.authorize ?? missing)(request);
  return {
    authenticate: handle('Authenticate', (request: AuthenticateRequest) =>
      (authorizer.script.authenticate ?? missing)(request),
    ),
    authorize: handle('Authorize', async (request: AuthorizeRequest) => {
      const response = await authorize(request);
      return { ...response, answered: response.answered ?? answered };
    }),
    batchAuthorize: handle('BatchAuthorize', async (request: BatchAuthorizeRequest) => {
      await authorizer.script.batch?.(request);
      const responses = await Promise.all(request.requests.map(authorize));
      return { responses: authorizer.script.batchAnswers?.(responses) ?? responses, answered };
    }),
    listPermissions: handle('ListPermissions', (request: ListPermissionsRequest) =>
      (authorizer.script.listPermissions ?? missing)(request),
    ),
    explain: handle('Explain', (request: AuthorizeRequest) =>
      (authorizer.script.explain ?? missing)(request),
    ),
    getStatus: handle('GetStatus', missing),
  };
}

/** A gRPC server that answers as the script says: for transport behaviour, not for decisions. */
export async function startScriptedAuthorizer(
  script: Script = {},
  address = '127.0.0.1:0',
  credentials = ServerCredentials.createInsecure(),
): Promise<ScriptedAuthorizer> {
  const server = new Server();
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => {
      if (error) reject(error);
      else resolve(bound);
    });
  });
  const authorizer: ScriptedAuthorizer = {
    address: `127.0.0.1:${port}`,
    script,
    calls: [],
    stop: async () => server.forceShutdown(),
  };
  server.addService(AuthorizerServiceService, handlersOf(authorizer));
  return authorizer;
}
