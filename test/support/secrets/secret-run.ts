import type { ServiceError } from '@grpc/grpc-js';
import {
  AuthorizerServiceService as Authorizer,
  type AuthorizeRequest,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { CredentialServiceService as Credentials } from '#proto/ledgate/identity/v1/credential.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { everyMethod } from '../identity/every-method.js';
import { setUpGrant } from '../identity/tenant-setup.js';
import { byKey, byPassword, byToken, type Pair, type Question } from '../ledgate/running-pair.js';
import { useClients } from './client-secrets.js';
import { useFactors } from './factor-secrets.js';
import type { SecretItem } from './search.js';
import { useUpstreams } from './upstream-secrets.js';

/** Fields in which people may write what they like: it is kept, and shown to whoever may read it. */
const freeText = new Set(['displayName', 'reason', 'ticket', 'description', 'name', 'locale']);

/** Does everything that secrets are part of, and keeps the secrets and whatever was refused. */
export class SecretRun {
  readonly secrets: SecretItem[] = [];
  readonly personal: SecretItem[] = [];
  /** Everything that a refused call brought back: text, details, trailers. */
  readonly refusals: Buffer[] = [];
  /** API keys with which the command line goes on. */
  admin = '';
  backend = '';
  readonly user = 'Quorn.Zyxwell';
  readonly service = 'Backendovich-Servicsson';
  readonly #pair: Pair;

  constructor(pair: Pair) {
    this.#pair = pair;
  }

  async all(): Promise<void> {
    this.#secret('bootstrap key', this.#pair.root);
    this.#secret('key of the authorizer', this.#pair.authorizerKey);
    await this.#tenant();
    await this.#passwords();
    await useFactors(this.#pair, {
      admin: this.admin,
      secret: (name, text) => this.#secret(name, text),
      personal: (name, text) => this.#personal(name, text),
      refused: (call) => this.#refused(call),
    });
    await useClients(this.#pair, {
      admin: this.admin,
      secret: (name, text) => this.#secret(name, text),
      refused: (call) => this.#refused(call),
    });
    await useUpstreams(this.#pair, {
      admin: this.admin,
      secret: (name, text) => this.#secret(name, text),
      refused: (call) => this.#refused(call),
    });
    const key = await this.#apiKeys();
    const tokens = await this.#tokens();
    await this.#questions(key, tokens);
    await this.#misplaced([key, ...tokens, this.secrets[2]?.bytes.toString() ?? '']);
  }

  #secret(name: string, text: string): string {
    this.secrets.push({ name, bytes: Buffer.from(text) });
    return text;
  }

  #personal(name: string, text: string): string {
    for (const form of new Set([text, text.toLowerCase(), text.normalize('NFKD')])) {
      this.personal.push({ name, bytes: Buffer.from(form) });
    }
    return text;
  }

  async #refused(call: Promise<unknown>): Promise<void> {
    await call.then(
      () => undefined,
      (error: ServiceError) => {
        this.refusals.push(Buffer.from(`${error.code} ${error.message} ${error.details}`));
        for (const name of Object.keys(error.metadata?.getMap() ?? {})) {
          this.refusals.push(...error.metadata.get(name).map((value) => Buffer.from(value)));
        }
      },
    );
  }

  async #tenant(): Promise<void> {
    const pair = this.#pair;
    const adminUsername = this.#personal('user name', 'Administratix');
    const adminPassword = this.#secret('first password', 'wandering teapots hum');
    const request = { slug: 'acme', displayName: 'Acme', adminUsername, adminPassword };
    const made = await pair.call(Tenants.createTenant, request, pair.root);
    await this.#refused(pair.call(Tenants.createTenant, request, pair.root));
    const admin = { tenantId: made.tenantId, principalId: made.adminPrincipalId, name: 'cli' };
    const { apiKey } = await pair.call(Credentials.createApiKey, admin, pair.root);
    this.admin = this.#secret('API key of the administrator', apiKey);
  }

  async #passwords(): Promise<void> {
    const pair = this.#pair;
    const username = this.#personal('user name', this.user);
    const email = this.#personal('e-mail', 'Quorn.Zyxwell+tag@mail.example.org');
    const displayName = this.#personal('display name', 'Örjan Zyxwell-Quornström');
    const first = this.#secret('password', 'purple walrus lantern 1');
    const second = this.#secret('password set', 'purple walrus lantern 2');
    const third = this.#secret('password changed', 'purple walrus läntern 3');
    const profile = { displayName, locale: 'sv' };
    const user = { username, email, profile, password: first };
    const { principalId } = await pair.call(Principals.createUser, user, this.admin);
    await this.#refused(pair.call(Principals.createUser, user, this.admin));
    await pair.call(Credentials.setPassword, { principalId, password: second }, this.admin);
    const short = { principalId, password: this.#secret('refused password', 'tiny walr') };
    await this.#refused(pair.call(Credentials.setPassword, short, this.admin));
    const change = { tenantId: 'acme', loginName: email, currentPassword: second };
    const known = { ...change, newPassword: this.#secret('common password', 'password12345678') };
    await this.#refused(pair.call(Credentials.changePassword, known));
    const wrong = this.#secret('wrong password', 'crimson narwhal beacon');
    await this.#refused(
      pair.call(Credentials.changePassword, { ...change, currentPassword: wrong }),
    );
    await pair.call(Credentials.changePassword, { ...change, newPassword: third });
    const login = { tenant: 'acme', loginName: username };
    await this.#refused(pair.call(Tokens.login, { ...login, password: wrong }));
    await this.#refused(pair.call(Tokens.login, { ...login, password: first }));
    await this.#refused(pair.call(Tokens.login, { ...login, loginName: third, password: wrong }));
    await this.#refused(pair.call(Tokens.login, { ...login, tenant: 'nowhere', password: third }));
    const renamed = { displayName: this.#personal('display name', 'Örjan Quornström'), locale: '' };
    await pair.call(Principals.updateProfile, { principalId, profile: renamed }, this.admin);
    const second_ = this.#personal('second e-mail', 'zyxwell.quorn@other.example.org');
    await pair.call(Principals.addLoginName, { principalId, kind: 2, value: second_ }, this.admin);
  }

  /** A key that has been revoked. */
  async #apiKeys(): Promise<string> {
    const pair = this.#pair;
    const service = { username: this.#personal('service account', this.service) };
    const { principalId } = await pair.call(Principals.createServiceAccount, service, this.admin);
    const rights = { name: 'backend', permissions: ['ledgate.authorizer:*'] };
    await setUpGrant(pair, this.admin, principalId, rights);
    const create = { principalId, name: 'backend' };
    const made = await pair.call(Credentials.createApiKey, create, this.admin);
    this.#secret('API key', made.apiKey);
    const rotate = { credentialId: made.credentialId, overlapMs: 60_000n };
    const rotated = await pair.call(Credentials.rotateApiKey, rotate, this.admin);
    this.backend = this.#secret('rotated API key', rotated.apiKey);
    const doomed = await pair.call(Credentials.createApiKey, create, this.admin);
    const { credentialId } = doomed;
    await pair.call(Credentials.revokeApiKey, { credentialId }, this.admin);
    await this.#refused(pair.call(Tokens.issueToken, {}, doomed.apiKey));
    return this.#secret('revoked API key', doomed.apiKey);
  }

  /** One by each algorithm, one of the service account, and broken ones. */
  async #tokens(): Promise<string[]> {
    const pair = this.#pair;
    const login = { tenant: 'acme', loginName: this.user, password: 'purple walrus läntern 3' };
    const tokens: string[] = [];
    for (const algorithm of ['ES256', 'RS256', 'EdDSA']) {
      await pair.call(Tokens.rotateSigningKey, { algorithm }, pair.root);
      tokens.push(this.#token(algorithm, (await pair.call(Tokens.login, login)).accessToken));
    }
    const issued = await pair.call(Tokens.issueToken, {}, this.backend);
    tokens.push(this.#token('service token', issued.accessToken));
    const [head = '', body = '', signature = ''] = issued.accessToken.split('.');
    const none = Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url');
    const broken = [`${head}.${body}`, `${none}.${body}.`, `${head}.${body}.${signature}A`];
    for (const token of broken) {
      this.#secret('broken token', token);
      await this.#refused(pair.call(Principals.getPrincipal, {}, token));
    }
    return [...tokens, ...broken];
  }

  #token(name: string, token: string): string {
    const [, body = '', signature = ''] = token.split('.');
    this.#secret(`payload of ${name}`, body);
    this.#secret(`signature of ${name}`, signature);
    return this.#secret(name, token);
  }

  async #questions(key: string, tokens: readonly string[]): Promise<void> {
    const pair = this.#pair;
    const passwords = ['purple walrus läntern 3', 'crimson narwhal beacon'];
    const who: Question['who'][] = [
      byKey(key),
      byKey(this.backend),
      ...tokens.map(byToken),
      ...passwords.map((password) => byPassword('acme', this.user, password)),
    ];
    for (const one of who) {
      await pair.authenticate(one, this.backend);
      await pair.authorize({ who: one, action: 'orders:read', resource: 'a/b' }, this.backend);
    }
    for (const bearer of [key, ...tokens]) {
      await this.#refused(pair.authenticate(byKey(key), bearer));
    }
  }

  /** Secrets where they do not belong: in every field of every method that is not free text. */
  async #misplaced(texts: readonly string[]): Promise<void> {
    const pair = this.#pair;
    for (const text of texts) {
      for (const method of everyMethod) {
        const empty = method.requestDeserialize(Buffer.alloc(0));
        await this.#refused(pair.call(method, filled(empty, text), this.admin));
        await this.#refused(pair.callRaw(method.path, garbage(text), this.admin));
      }
      const request: AuthorizeRequest = {
        who: { $case: 'subject', value: { tenantId: text, principalId: text } },
        action: text,
        resource: text,
        consistency: { requirement: { $case: 'atLeastAsFresh', value: text } },
      };
      const { authorizer } = pair;
      await this.#refused(authorizer.call(Authorizer.authorize, request, this.backend));
      await this.#refused(authorizer.call(Authorizer.explain, request, this.backend));
      for (const decidable of questionsWith(text, this.backend)) {
        await this.#refused(authorizer.call(Authorizer.authorize, decidable, this.backend));
      }
      for (const { path } of Object.values(Authorizer)) {
        await this.#refused(authorizer.callRaw(path, garbage(text), this.backend));
      }
    }
  }
}

/** Questions that are decided, with the text wherever there is room for one. */
function questionsWith(text: string, backend: string): AuthorizeRequest[] {
  const who = [
    byKey(text),
    byToken(text),
    byPassword('acme', text, text),
    byPassword(text, text, text),
    { $case: 'subject', value: { tenantId: text, principalId: text } } as const,
    { $case: 'subject', value: { tenantId: 'system', principalId: text } } as const,
  ];
  const other = { action: text, resource: text, consistency: undefined };
  const questions: AuthorizeRequest[] = who.map((one) => ({ who: one, ...other }));
  questions.push({ who: byKey(backend), ...other });
  // What is in a resource is the caller's affair, unless it looks like a credential of ours.
  const isCredential = text.startsWith('lgk_') || text.startsWith('eyJ');
  const resource = isCredential ? `orders/${text}/lines` : 'orders/17';
  questions.push({ who: byKey(backend), action: 'orders:read', resource, consistency: undefined });
  return questions;
}

function filled(request: Record<string, unknown>, text: string): Record<string, unknown> {
  const entries = Object.entries(request).map(([name, value]) => {
    if (freeText.has(name)) return [name, value];
    if (Array.isArray(value)) return [name, [text]];
    return [name, typeof value === 'string' ? text : value];
  });
  return Object.fromEntries(entries) as Record<string, unknown>;
}

/** The text as fields 1 to 9, whatever these are. */
function garbage(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.from([(bytes.length & 0x7f) | 0x80, bytes.length >> 7]);
  const field = (number: number) =>
    Buffer.concat([Buffer.from([(number << 3) | 2]), length, bytes]);
  return Buffer.concat([1, 2, 3, 4, 5, 6, 7, 8, 9].map(field));
}
