import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { connect } from '#libs/grpc/connect.js';
import {
  AuthorizerServiceClient,
  Decision,
  type AuthorizeResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { GrantServiceClient, type GrantRoleResponse } from '#proto/ledgate/identity/v1/grant.js';
import type { Bench } from '../measure/bench.js';
import type { MeasuredRow } from '../measure/row.js';
import { median, quantile, spreadOf } from '../measure/statistics.js';
import type { CellGreeting } from '../servers/greeting.js';

/** Milliseconds until the first DENY, counted from two moments. */
interface Revocation {
  readonly fromCallMs: number;
  readonly fromAnswerMs: number;
}

/**
 * How long a revoked grant still allows: a grant is given, seen to allow, revoked, and the authorizer
 * is asked without a pause until it denies. From the revoke's answer, and from its call.
 */
export async function revokeToDeny(
  bench: Bench,
  where: 'embedded' | 'kafka',
): Promise<MeasuredRow[]> {
  const server = await bench.cell(['both', await bench.brokersFor(where)]);
  const cell = new Cell(server.greeting as CellGreeting);
  const measured: Revocation[] = [];
  const runs = bench.short ? 60 : 300;
  for (let run = -10; run < runs; run++) {
    const one = await cell.revokeOnce();
    if (run >= 0) measured.push(one);
  }
  cell.close();
  await server.stop();
  const most = where === 'embedded' ? 10 : 50;
  const row = (from: string, values: readonly number[], aimed: boolean): MeasuredRow => ({
    name: `revoke_to_deny_ms_${where}_${from}`,
    value: quantile(values, 0.99),
    unit: 'ms (p99)',
    baseline: null,
    ratio: null,
    runs,
    spread: spreadOf(values),
    aim: aimed ? { kind: 'value', most } : undefined,
    note: `p50 ${median(values).toFixed(2)} ms, max ${Math.max(...values).toFixed(2)} ms`,
  });
  return [
    row(
      'from_answer',
      measured.map(({ fromAnswerMs }) => fromAnswerMs),
      true,
    ),
    row(
      'from_call',
      measured.map(({ fromCallMs }) => fromCallMs),
      true,
    ),
  ];
}

type Done<T> = (error: ServiceError | null, response: T) => void;

class Cell {
  readonly #said: CellGreeting;
  readonly #grants: GrantServiceClient;
  readonly #authorizer: AuthorizerServiceClient;

  constructor(said: CellGreeting) {
    this.#said = said;
    const plain = { credentials: undefined, allowPlaintext: false };
    const at = (port: number): string => `127.0.0.1:${port}`;
    this.#grants = connect(GrantServiceClient, {
      ...plain,
      address: at(said.port),
      bearer: said.adminKey,
    });
    this.#authorizer = connect(AuthorizerServiceClient, {
      ...plain,
      address: at(said.authorizerPort),
      bearer: said.gatewayKey,
    });
  }

  async revokeOnce(): Promise<Revocation> {
    const { principalId, roleId } = this.#said;
    const request = {
      options: undefined,
      tenantId: '',
      principalId,
      groupId: '',
      roleId,
      resourcePrefix: 'a',
      expiresAtMs: 0n,
      ticket: '',
    };
    const { grantId } = await asked<GrantRoleResponse>((done) =>
      this.#grants.grantRole(request, done),
    );
    while ((await this.#ask()).decision !== Decision.DECISION_ALLOW);
    const calledAt = performance.now();
    const revoke = { options: undefined, tenantId: '', grantId };
    let answeredAt = 0;
    const answered = asked((done) => this.#grants.revokeGrant(revoke, done)).then(() => {
      answeredAt = performance.now();
    });
    // The authorizer may deny before the revoke is answered: it is asked all the while.
    while ((await this.#ask()).decision !== Decision.DECISION_DENY);
    const deniedAt = performance.now();
    await answered;
    return {
      fromCallMs: deniedAt - calledAt,
      fromAnswerMs: Math.max(0, deniedAt - answeredAt),
    };
  }

  close(): void {
    this.#grants.close();
    this.#authorizer.close();
  }

  #ask(): Promise<AuthorizeResponse> {
    const { tenantId, principalId } = this.#said;
    const question = {
      who: { $case: 'subject' as const, value: { tenantId, principalId } },
      action: 'orders:read',
      resource: 'a/1',
      consistency: undefined,
    };
    return asked((done) => this.#authorizer.authorize(question, new Metadata(), done));
  }
}

function asked<T>(call: (done: Done<T>) => unknown): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, response) => {
      if (error === null) resolve(response);
      else reject(error);
    });
  });
}
