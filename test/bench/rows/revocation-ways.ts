import {
  ClientServiceService as Clients,
  ConsentServiceService as Consents,
} from '#proto/ledgate/identity/v1/client.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { claimsOf } from '../../support/ledgate/true-signer.js';
import type { RevocationGreeting } from '../servers/greeting.js';

/** A unary method as the generated code describes it. */
interface Method<Request, Response> {
  readonly path: string;
  requestSerialize(request: Request): Buffer;
  requestDeserialize(bytes: Buffer): Request;
  responseDeserialize(bytes: Buffer): Response;
}

/** Calls a method; fields that are not given are empty. */
export type Call = <Request extends object, Response>(
  method: Method<Request, Response>,
  request: Partial<Request>,
  bearer: string,
) => Promise<Response>;

/** One way in which a token that allows something ends. */
export interface Way {
  /** A token that is good now. */
  begin(): Promise<string>;
  revoke(): Promise<unknown>;
  /** So that the next one can begin. */
  restore?(): Promise<unknown>;
}

/** The ten ways, by the API of identity. */
export class RevocationWays {
  readonly #said: RevocationGreeting;
  readonly #call: Call;
  readonly #sign: (claims: object) => Promise<string>;
  #session = '';
  #token = '';
  #refresh = '';
  #grant: string;

  constructor(said: RevocationGreeting, call: Call, sign: (claims: object) => Promise<string>) {
    this.#said = said;
    this.#call = call;
    this.#sign = sign;
    this.#grant = said.grantId;
  }

  all(): Readonly<Record<string, Way>> {
    const { adminKey, rootKey, principalId, clientId, tenantId, roleId } = this.#said;
    const call = this.#call;
    const begin = (): Promise<string> => this.#issue();
    return {
      token: { begin, revoke: () => call(Tokens.revokeToken, { token: this.#token }, '') },
      session: { begin, revoke: () => call(Sessions.endSession, {}, this.#session) },
      family: { begin, revoke: () => call(Tokens.revokeToken, { token: this.#refresh }, '') },
      principal_suspended: {
        begin,
        revoke: () => call(Principals.suspendPrincipal, { principalId }, adminKey),
        restore: () => call(Principals.resumePrincipal, { principalId }, adminKey),
      },
      password_changed: {
        begin,
        revoke: () =>
          call(Credentials.setPassword, { principalId, password: this.#said.password }, adminKey),
      },
      client_suspended: {
        begin: () => this.#forClient(),
        revoke: () => call(Clients.suspendClient, { clientId }, adminKey),
        restore: () => call(Clients.resumeClient, { clientId }, adminKey),
      },
      consent_withdrawn: {
        begin: async () => {
          await call(Consents.giveConsent, { clientId, scopes: ['shop'] }, await this.#logIn());
          return this.#forClient();
        },
        revoke: () => call(Consents.withdrawConsent, { principalId, clientId }, adminKey),
      },
      role_removed: {
        begin,
        revoke: () => call(Grants.revokeGrant, { grantId: this.#grant }, adminKey),
        restore: async () => {
          const grant = { principalId, roleId };
          this.#grant = (await call(Grants.grantRole, grant, adminKey)).grantId;
        },
      },
      key_compromised: {
        begin: async () => {
          const token = await this.#issue();
          await call(Tokens.rotateSigningKey, {}, rootKey);
          return token;
        },
        revoke: () => call(Tokens.compromiseSigningKey, { kid: this.#kid() }, rootKey),
        restore: () => call(Tokens.removeSigningKey, { kid: this.#kid() }, rootKey),
      },
      tenant_suspended: {
        begin,
        revoke: () => call(Tenants.suspendTenant, { tenantId }, rootKey),
        restore: () => call(Tenants.resumeTenant, { tenantId }, rootKey),
      },
    };
  }

  /** Of the key that signed the last token. */
  #kid(): string {
    const [header = ''] = this.#token.split('.');
    return (JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }).kid;
  }

  async #logIn(): Promise<string> {
    const { password } = this.#said;
    const request = { tenant: 'acme', loginName: 'bob', password };
    const { step } = await this.#call(Logins.startLogin, request, '');
    this.#session = step?.done?.sessionToken ?? '';
    return this.#session;
  }

  /** An access token in a session of its own, with a refresh token. */
  async #issue(): Promise<string> {
    const request = { withRefreshToken: true };
    const issued = await this.#call(Tokens.issueToken, request, await this.#logIn());
    this.#token = issued.accessToken;
    this.#refresh = issued.refreshToken;
    return this.#token;
  }

  /** What the authorization code flow would give to the client. */
  async #forClient(): Promise<string> {
    const claims = claimsOf(await this.#issue());
    return this.#sign({ ...claims, client_id: this.#said.clientId });
  }
}
