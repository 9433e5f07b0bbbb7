import type { handleUnaryCall } from '@grpc/grpc-js';
import type { Permit } from '#libs/decider/handle-command.js';
import { systemTenant } from '#libs/events/envelope.js';
import { callerCredential } from '#libs/grpc/caller-credential.js';
import { unary, type CallContext, type UnaryWiring } from '#libs/grpc/unary.js';
import type { Caller } from '#services/identity/app/caller.js';
import type { EscalationGuard } from '#services/identity/app/escalation.js';
import { askedRight, revokeAccess } from '#services/identity/app/held-access.js';
import {
  execute,
  requireFresh,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { denied, permit, type CallTarget } from '#services/identity/app/permit.js';
import type { Command } from '#services/identity/domain/commands.js';
import type { AccessRevocation } from '#services/identity/ports/revocation-journal.js';
import type { CommandResult } from '#proto/ledgate/identity/v1/command.js';
import { parseTraceparent } from '#libs/runtime/traceparent.js';
import { clientAddress, type TrustedProxies } from '#services/identity/grpc/client-address.js';
import { Fields, type CommandHead } from '#services/identity/grpc/fields.js';
import type { PageTokens } from '#services/identity/grpc/page-tokens.js';
import { requestDigest } from '#services/identity/grpc/request-digest.js';

/** What every service of identity is made of. */
export interface Admission {
  readonly parts: IdentityParts;
  readonly wiring: UnaryWiring;
  readonly pages: PageTokens;
  readonly guard: EscalationGuard;
  /** Key of the request digests. */
  readonly digestKey: Uint8Array;
  readonly proxies: TrustedProxies;
}

/** A call without a caller credential: its handler judges what it is given. */
export class OpenCall {
  readonly context: CallContext;
  readonly fields = new Fields();
  readonly nowMs: number;
  protected readonly admission: Admission;
  readonly #request: object;

  constructor(admission: Admission, request: object, context: CallContext) {
    this.admission = admission;
    this.context = context;
    this.#request = request;
    this.nowMs = Math.trunc(admission.parts.clock.wallMs());
  }

  get parts(): IdentityParts {
    return this.admission.parts;
  }

  /** Address that the call comes from, as far as it can be trusted. */
  get source(): string {
    const [forwarded] = this.context.metadata.get('x-forwarded-for');
    const header = typeof forwarded === 'string' ? forwarded : undefined;
    return clientAddress(this.context.peerAddress, header, this.admission.proxies);
  }

  /** What a record keeps of the request beside its events. */
  envelope(head: CommandHead): CommandHead & { requestDigest: string; traceparent: string } {
    const { traceparent } = this.context;
    return {
      ...head,
      requestDigest: requestDigest(this.admission.digestKey, this.context.method, this.#request),
      traceparent: parseTraceparent(traceparent) === undefined ? '' : traceparent,
    };
  }
}

/** A call of an authenticated caller. */
export class AdmittedCall extends OpenCall {
  readonly caller: Caller;

  constructor(admission: Admission, request: object, context: CallContext, caller: Caller) {
    super(admission, request, context);
    this.caller = caller;
  }

  /** The tenant a request names (empty: the caller's own); refused at once when out of reach. */
  tenantOf(tenantId: string, field = 'tenant_id'): string {
    const tenant = this.fields.tenant(field, tenantId, this.caller.tenant);
    if (tenant !== this.caller.tenant && this.caller.tenant !== systemTenant) throw denied();
    return tenant;
  }

  get pages(): PageTokens {
    return this.admission.pages;
  }

  get guard(): EscalationGuard {
    return this.admission.guard;
  }

  /** Refuses what was malformed, then what the caller may not see. For calls that only read. */
  permitRead(target: CallTarget): void {
    this.fields.check();
    requireFresh(this.parts, target.tenant);
    this.#permit(target);
  }

  /**
   * Refuses what was malformed, then what the caller may not do, before any work is done for it. The
   * command is judged again with each attempt, on the state that is decided on; `guard` too.
   */
  permitCommand(target: CallTarget, head: CommandHead, guard?: () => void): CommandCall {
    this.fields.check();
    // What cannot be read back cannot be answered: better not to append it.
    requireFresh(this.parts);
    const judge = (): Permit => {
      const permitted = this.#permit(target);
      guard?.();
      return permitted;
    };
    judge();
    const { tenant, principal } = this.caller;
    const actor = { tenant, principal };
    return { tenant: target.tenant, actor, ...this.envelope(head), permit: judge };
  }

  /** `permitCommand`, then the command itself. */
  run(
    target: CallTarget,
    head: CommandHead,
    command: Command,
    guard?: () => void,
  ): Promise<Executed> {
    return execute(this.parts, this.permitCommand(target, head, guard), command);
  }

  /** `run` for what only takes access away: held where the ledger cannot take it now. */
  revoke(
    target: CallTarget,
    head: CommandHead,
    command: AccessRevocation,
    guard?: () => void,
  ): Promise<Executed> {
    const call = this.permitCommand(target, head, guard);
    const asked = askedRight(this.parts, this.caller, this.context.method, target);
    return revokeAccess(this.parts, call, command, asked);
  }

  #permit(target: CallTarget): Permit {
    const { view } = this.parts.ledger.fold;
    const nowMs = Math.trunc(this.parts.clock.wallMs());
    return permit(view, this.caller, this.context.method, target, nowMs);
  }
}

/** A handler for authenticated callers. */
export function admitted<Request extends object, Response>(
  admission: Admission,
  handle: (request: Request, call: AdmittedCall) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return unary<Request, Response>(admission.wiring, async (request, context) => {
    const { parts } = admission;
    parts.ledger.requireServing();
    const bearer = callerCredential(context.metadata);
    const nowMs = Math.trunc(parts.clock.wallMs());
    const caller = await parts.gate.admit(bearer, nowMs, context.remainingMs());
    return handle(request, new AdmittedCall(admission, request, context, caller));
  });
}

/** A handler of a public method. */
export function open<Request extends object, Response>(
  admission: Admission,
  handle: (request: Request, call: OpenCall) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return unary<Request, Response>(admission.wiring, (request, context) =>
    handle(request, new OpenCall(admission, request, context)),
  );
}

/** The part of an answer that every command has. */
export function resultOf(executed: Executed): CommandResult {
  const { consistencyToken, position, replayed } = executed;
  return { consistencyToken, position: BigInt(position), replayed };
}
