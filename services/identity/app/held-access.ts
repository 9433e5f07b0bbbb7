import { decide as decideAccess } from '#libs/access/evaluate/decide.js';
import { nothing } from '#libs/access/evaluate/scope-limits.js';
import {
  endless,
  type AccessDeny,
  type AccessDenies,
} from '#libs/access/projection/access-denies.js';
import { ALLOW, QUARANTINED } from '#libs/access/reason-code.js';
import type { Permit } from '#libs/decider/handle-command.js';
import { TrackedView } from '#libs/decider/tracked-view.js';
import { systemTenant } from '#libs/events/envelope.js';
import { hashOf } from '#libs/events/keys.js';
import type { Clock } from '#libs/runtime/clock.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { limitsOf, refusedCaller, type Caller } from '#services/identity/app/caller.js';
import { EscalationGuard } from '#services/identity/app/escalation.js';
import {
  execute,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import type { LedgerSession } from '#services/identity/app/ledger-session.js';
import { accessOf, permissionOf } from '#services/identity/app/method-access.js';
import { denied, groundsOf, resourceOf, type CallTarget } from '#services/identity/app/permit.js';
import { credentials } from '#services/identity/domain/api-key/state.js';
import { clients } from '#services/identity/domain/client/state.js';
import { decide } from '#services/identity/domain/decide.js';
import { passwords } from '#services/identity/domain/password/state.js';
import type {
  AccessRevocation,
  AskedRight,
  HeldRevocation,
} from '#services/identity/ports/revocation-journal.js';

type Known = Pick<LedgerSession, 'state' | 'fold' | 'reader'>;

/** A revocation of L that waits for it. */
export type HeldAccessRevocation = HeldRevocation & {
  readonly command: AccessRevocation;
  readonly asked: AskedRight;
};

/** What is known of ledger L, for revocations that it cannot take now. */
export class HeldAccess {
  readonly #ledger: Known;
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #guard: EscalationGuard;

  constructor(ledger: Known, clock: Pick<Clock, 'wallMs'>) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#guard = new EscalationGuard(ledger.state, () => ledger.fold.view, clock);
  }

  /** Heeded by this instance itself. */
  get denies(): AccessDenies {
    return this.#ledger.fold.early;
  }

  /** Up to where L is folded here. */
  get position(): number {
    return this.#ledger.reader.position;
  }

  /** Whether it would change anything, on what is known. Throws the refusal of the decider. */
  wouldCount({ tenant, actor }: Pick<CommandCall, 'tenant' | 'actor'>, command: AccessRevocation) {
    const { state } = this.#ledger;
    const view = new TrackedView(state, (key) => state.isQuarantined(hashOf(key)));
    const nowMs = Math.trunc(this.#clock.wallMs());
    const decision = decide(command, view, { tenant, actor, nowMs });
    if ('rejected' in decision) throw decision.rejected;
    return decision.events.length > 0;
  }

  /** Whose access it ends. All of them are things of its own tenant. */
  deniesOf({ id: hold, call: { tenant }, command }: HeldAccessRevocation): readonly AccessDeny[] {
    const documents = documentsOf(this.#ledger.state);
    const deny = (kind: AccessDeny['kind'], id: string, untilMs = endless): AccessDeny => ({
      tenant,
      kind,
      id,
      untilMs,
      hold,
    });
    switch (command.type) {
      case 'SuspendTenant':
        return [deny('TENANT', tenant)];
      case 'SuspendPrincipal':
        return [deny('PRINCIPAL', command.principal, command.untilMs)];
      case 'DeletePrincipal':
        return [deny('PRINCIPAL', command.principal)];
      case 'SuspendClient':
        return [deny('CLIENT', command.client)];
      case 'DeleteClient': {
        const principal = clients.read(documents, '', command.client)?.principal;
        const account = principal === undefined ? [] : [deny('PRINCIPAL', principal)];
        return [deny('CLIENT', command.client), ...account];
      }
      case 'RemovePassword': {
        const credential = passwords.read(documents, tenant, command.principal)?.credential;
        return credential === undefined ? [] : [deny('CREDENTIAL', credential)];
      }
      case 'RevokeApiKey':
      case 'BlockCredential':
      case 'RemoveCertificate':
      case 'RevokeClientSecret':
        return [deny('CREDENTIAL', command.credential)];
    }
  }

  /**
   * Whether who asked for it still may, by the ledger as it is now: their roles, within what their
   * credential left of them then. The credential itself was judged when it was asked; who has logged out
   * since has not taken anything back. Throws the refusal.
   */
  permitAgain({ call, command, asked }: HeldAccessRevocation): Permit {
    return this.denies.aside(() => {
      const permit = this.#mayStill(call.actor, asked);
      this.#mayGovern(call, command, asked);
      return permit;
    });
  }

  #mayStill(actor: CommandCall['actor'], { method, target, atMs, limits }: AskedRight): Permit {
    const access = accessOf(method);
    if (access === undefined || access.who === 'PUBLIC') throw denied();
    if (access.systemOnly && actor.tenant !== systemTenant) throw denied();
    if (target.tenant !== actor.tenant && actor.tenant !== systemTenant) throw denied();
    const self = target.tenant === actor.tenant && target.principal === actor.principal;
    if (access.who === 'SELF' && self && isUnlimited(limits)) return { permittedBy: [] };
    const { view } = this.#ledger.fold;
    const action = permissionOf(method);
    const resource = resourceOf(access, target);
    const given = { ...limits, expiresAtMs: Number.POSITIVE_INFINITY };
    const { tenant, principal } = actor;
    const question = { tenant, principal, action, resource, nowMs: atMs, limits: given };
    const { code } = decideAccess(view, question);
    if (code === QUARANTINED) throw refusedCaller(code);
    if (code !== ALLOW) throw denied();
    const { roles, reads } = groundsOf(view, actor, action, resource, atMs);
    return { permittedBy: roles, reads };
  }

  /** As the guards of the calls have it. */
  #mayGovern(
    call: Pick<CommandCall, 'tenant' | 'actor'>,
    command: AccessRevocation,
    asked: AskedRight,
  ) {
    const { tenant, actor } = call;
    const owner = this.#ownerOf(tenant, command);
    if (owner === undefined) return;
    this.#guard.mayGovernAs(actor, isUnlimited(asked.limits), tenant, owner);
    const own = command.type === 'RevokeApiKey' && command.credential === asked.apiKey;
    if (own) this.#guard.mayRevokeOwn(actor);
  }

  /** The principal that something is taken from; undefined: a tenant's operator needs no more. */
  #ownerOf(tenant: string, command: AccessRevocation): string | undefined {
    const documents = documentsOf(this.#ledger.state);
    switch (command.type) {
      case 'SuspendTenant':
        return undefined;
      case 'SuspendPrincipal':
      case 'DeletePrincipal':
      case 'RemovePassword':
        return command.principal;
      case 'SuspendClient':
      case 'DeleteClient':
      case 'RevokeClientSecret':
        return clients.read(documents, '', command.client)?.principal ?? '';
      case 'RevokeApiKey':
      case 'BlockCredential':
      case 'RemoveCertificate':
        return credentials.read(documents, tenant, command.credential)?.principal ?? '';
    }
  }
}

/** By what right a caller asks for something now. */
export function askedRight(
  { ledger, clock }: Pick<IdentityParts, 'ledger' | 'clock'>,
  caller: Caller,
  method: string,
  target: CallTarget,
): AskedRight {
  const { credential } = caller;
  const { scopes, resourcePrefix } = limitsOf(ledger.fold.view, caller) ?? nothingLeft;
  return {
    method,
    target,
    atMs: Math.trunc(clock.wallMs()),
    limits: { scopes, resourcePrefix },
    apiKey: credential.kind === 'API_KEY' ? credential.id : '',
  };
}

const nothingLeft = { scopes: nothing, resourcePrefix: '' };

/**
 * `execute` for what only takes access away: where the ledger cannot take it now it is held, and answered
 * with position −1 and no token.
 */
export function revokeAccess(
  parts: IdentityParts,
  call: CommandCall,
  command: AccessRevocation,
  asked: AskedRight,
): Promise<Executed> {
  // An attempt whose fate is unknown and the one that follows it must be one command.
  const commandId = call.commandId === '' ? parts.ids.uuid() : call.commandId;
  const named = { ...call, commandId };
  const running = execute(parts, named, command);
  const { revocations } = parts;
  return revocations === undefined
    ? running
    : revocations.settleAccess(named, command, asked, running);
}

function isUnlimited({ scopes, resourcePrefix }: AskedRight['limits']): boolean {
  return scopes.length === 0 && resourcePrefix === '';
}
