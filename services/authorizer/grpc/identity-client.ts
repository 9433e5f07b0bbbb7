import { Metadata, status, type ChannelCredentials, type ServiceError } from '@grpc/grpc-js';
import type { VerifiedPassword } from '#libs/access/evaluate/credential-status.js';
import { Failure, type Reason } from '#libs/errors/failure.js';
import { connect } from '#libs/grpc/connect.js';
import type { Clock } from '#libs/runtime/clock.js';
import type { Secret } from '#libs/runtime/secret.js';
import {
  LedgerServiceClient,
  type AppendBarrierResponse,
} from '#proto/ledgate/identity/v1/ledger.js';
import {
  TokenServiceClient,
  type VerifyPasswordResponse,
} from '#proto/ledgate/identity/v1/token.js';
import type {
  Barrier,
  IdentityPort,
  PasswordClaim,
} from '#services/authorizer/app/identity-port.js';

export interface IdentityTarget {
  /** `host:port`, or a name of several addresses. */
  readonly address: string;
  readonly credentials: ChannelCredentials | undefined;
  readonly allowPlaintext: boolean;
  /** API key of this authorizer: of the system tenant, with `ledgate.identity:verify-password`. */
  readonly credential: Secret;
}

type Answer<T> = (error: ServiceError | null, response: T) => void;

/** Identity over gRPC. Its refusals become ours; what it says of itself stays in the log. */
export class IdentityClient implements IdentityPort {
  readonly #tokens: TokenServiceClient;
  readonly #ledger: LedgerServiceClient;
  readonly #clock: Clock;

  /** @throws Failure MISCONFIGURED: plaintext beyond loopback */
  constructor(target: IdentityTarget, clock: Clock) {
    const { address, credentials, allowPlaintext } = target;
    const bearer = target.credential.reveal();
    const options = { address, credentials, allowPlaintext, bearer };
    this.#tokens = connect(TokenServiceClient, options);
    this.#ledger = connect(LedgerServiceClient, options);
    this.#clock = clock;
  }

  async verifyPassword(
    claim: PasswordClaim,
    timeoutMs: number,
  ): Promise<VerifiedPassword | undefined> {
    const { tenant, username, password } = claim;
    const answer = await this.#ask<VerifyPasswordResponse>(timeoutMs, (deadline, done) =>
      this.#tokens.verifyPassword(
        { tenant, username, password },
        new Metadata(),
        { deadline },
        done,
      ),
    );
    if (!answer.verified) return undefined;
    const { tenantId, principalId, credentialId, version } = answer;
    return {
      tenant: tenantId,
      principal: principalId,
      credential: credentialId,
      version: Number(version),
    };
  }

  async appendBarrier(timeoutMs: number): Promise<Barrier> {
    const { position, sessionPosition } = await this.#ask<AppendBarrierResponse>(
      timeoutMs,
      (deadline, done) => this.#ledger.appendBarrier({}, new Metadata(), { deadline }, done),
    );
    return { position: Number(position), sessionPosition: Number(sessionPosition) };
  }

  close(): void {
    this.#tokens.close();
    this.#ledger.close();
  }

  #ask<T>(timeoutMs: number, call: (deadline: Date, done: Answer<T>) => unknown): Promise<T> {
    const deadline = new Date(this.#clock.wallMs() + timeoutMs);
    return new Promise((resolve, reject) => {
      call(deadline, (error, response) => {
        if (error === null) resolve(response);
        else reject(failureOf(error));
      });
    });
  }
}

/** Of the answers of identity only these say something about the question. */
const reasons: Partial<Record<status, Reason>> = {
  [status.RESOURCE_EXHAUSTED]: 'OVERLOADED',
  [status.DEADLINE_EXCEEDED]: 'DEADLINE_EXCEEDED',
  [status.UNAVAILABLE]: 'LEDGER_UNAVAILABLE',
  [status.FAILED_PRECONDITION]: 'LEDGER_UNAVAILABLE',
};

function failureOf(error: ServiceError): Failure {
  const reason = reasons[error.code];
  if (reason !== undefined) {
    return new Failure(reason, 'identity could not be asked: try again', {
      cause: error,
      retryAfterMs: 500,
    });
  }
  // Our own credential, or a request that it does not understand: an operator has to look.
  return new Failure('MISCONFIGURED', 'identity refused this authorizer', { cause: error });
}
