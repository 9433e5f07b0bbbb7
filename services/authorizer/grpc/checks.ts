import { invalid, type FieldViolation } from '#libs/errors/failure.js';
import { limits } from '#services/authorizer/app/limits.js';
import type {
  Consistency,
  Credential,
  Possession,
  Question,
  Who,
} from '#services/authorizer/app/question.js';
import { endpointOf } from './endpoint-of.js';
import type { WireConsistency, WireEndpoint, WireQuestion, WireWho } from './wire/wire-question.js';

/** Gathers what is wrong with a request; `check` throws INVALID_ARGUMENT with every violation. */
export class Checks {
  #violations: FieldViolation[] | undefined;

  add(field: string, description: string): void {
    this.#violations ??= [];
    this.#violations.push({ field, description });
  }

  check(): void {
    if (this.#violations !== undefined) throw invalid(...this.#violations);
  }

  /** A question; `path` is what stands before its fields (`requests[3].`, or nothing). */
  question(wire: WireQuestion, path: string): Question {
    const { who, action, resource, endpoint } = wire;
    if (endpoint !== undefined) return this.#call(wire, endpoint, path);
    const checked = this.who(who, path);
    this.text(`${path}action`, action, limits.action);
    this.resource(resource, path);
    return { who: checked, action, resource };
  }

  /** A question about an endpoint: whoever calls may have presented nothing. */
  #call({ who, action, resource }: WireQuestion, wire: WireEndpoint, path: string): Question {
    for (const [field, text] of Object.entries({ action, resource })) {
      if (text !== '')
        this.add(`${path}${field}`, 'must be empty: the rule of the endpoint says it');
    }
    const endpoint = endpointOf(this, wire, `${path}endpoint`);
    const checked = who === undefined ? ({ kind: 'NOBODY' } as const) : this.who(who, path);
    return { who: checked, action: '', resource: '', endpoint };
  }

  who(who: WireWho, path: string): Who {
    if (who === undefined) {
      this.add(`${path}who`, 'one of credential and subject must be set');
      return nobody;
    }
    if (who.kind !== 'SUBJECT') return this.credential(who, `${path}credential`);
    this.text(`${path}subject.tenant_id`, who.tenant, limits.id);
    this.text(`${path}subject.principal_id`, who.principal, limits.id);
    return who;
  }

  credential(who: WireWho, path: string): Credential {
    switch (who?.kind) {
      case 'TOKEN':
        this.text(`${path}.bearer_token`, who.text, limits.token);
        if (who.proof !== undefined) this.#possession(who.proof, `${path}.possession`);
        return who;
      case 'SESSION':
        this.text(`${path}.session_token`, who.text, limits.sessionToken);
        return who;
      case 'API_KEY':
        this.text(`${path}.api_key`, who.text, limits.apiKey);
        return who;
      case 'BASIC':
        this.text(`${path}.basic.tenant`, who.tenant, limits.tenantName);
        this.text(`${path}.basic.username`, who.username, limits.username);
        this.text(`${path}.basic.password`, who.password, limits.password);
        return who;
      case 'EMPTY':
      case 'SUBJECT':
      case undefined:
        this.add(path, 'one of bearer_token, api_key, basic and session_token must be set');
        return noCredential;
    }
  }

  #possession({ certificateSha256, verifiedJkt, dpop }: Possession, path: string): void {
    this.#most(`${path}.certificate_sha256`, certificateSha256, limits.thumbprint);
    this.#most(`${path}.verified_jkt`, verifiedJkt, limits.thumbprint);
    if (dpop === undefined) return;
    this.text(`${path}.dpop.proof`, dpop.proof, limits.proof);
    this.text(`${path}.dpop.http_method`, dpop.httpMethod, limits.httpMethod);
    this.text(`${path}.dpop.http_uri`, dpop.httpUri, limits.httpUri);
  }

  /** A resource is judged by the evaluation; here only what is no resource in any case. */
  resource(resource: string, path: string): void {
    if (resource.length > limits.resource) {
      this.add(`${path}resource`, `must not be longer than ${limits.resource} characters`);
    }
  }

  consistency(wire: WireConsistency, path = ''): Consistency {
    if (wire === undefined) return undefined;
    const field = `${path}consistency`;
    switch (wire.kind) {
      case 'AT_LEAST_AS_FRESH':
        this.text(`${field}.at_least_as_fresh`, wire.token, 256);
        return wire;
      case 'FULLY_CONSISTENT':
        if (!wire.value) this.add(`${field}.fully_consistent`, 'must be true, or not set');
        return { kind: 'FULLY_CONSISTENT' };
      case 'MINIMIZE_LATENCY':
        if (!wire.value) this.add(`${field}.minimize_latency`, 'must be true, or not set');
        return undefined;
      case 'EMPTY':
        this.add(field, 'must say how fresh the answer has to be, or not be set');
        return undefined;
    }
  }

  #most(field: string, value: string, most: number): void {
    if (value.length > most) this.add(field, `must not be longer than ${most} characters`);
  }

  text(field: string, value: string, most: number): void {
    if (value.length === 0) this.add(field, 'must not be empty');
    else if (value.length > most) this.add(field, `must not be longer than ${most} characters`);
  }
}

const noCredential: Credential = Object.freeze({ kind: 'API_KEY', text: '' });
const nobody: Who = noCredential;
