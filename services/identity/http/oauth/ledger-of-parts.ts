import { principalStatus } from '#libs/access/evaluate/subject-status.js';
import { ALLOW } from '#libs/access/reason-code.js';
import type { ClientAudience } from '#libs/events/catalogue.js';
import { Failure } from '#libs/errors/failure.js';
import type { RefreshTokenFacts } from '#libs/tokens/refresh-token.js';
import { accessPayload } from '#libs/tokens/sign-access-token.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { useAssertion } from '#services/identity/app/assertions.js';
import { findCode, issueCode, redeemCode } from '#services/identity/app/authorization-codes.js';
import { findConsent } from '#services/identity/app/consents.js';
import {
  approveDeviceCode,
  denyDeviceCode,
  findByUserCode,
  findDeviceCode,
  issueDeviceCode,
  redeemDeviceCode,
} from '#services/identity/app/device-codes.js';
import {
  mayHoldSessions,
  requireFresh,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { LiveTokens } from '#services/identity/app/oauth/live-tokens.js';
import { OauthClients } from '#services/identity/app/oauth/oauth-clients.js';
import {
  revokeFamily,
  rotateFamily,
  type FamilyStart,
} from '#services/identity/app/refresh-families.js';
import { isStanding, ownCall } from '#services/identity/app/session-standing.js';
import {
  endSession,
  visitSession,
  findSessionById,
  type Session,
} from '#services/identity/app/sessions.js';
import { revokeToken } from '#services/identity/app/token-revocations.js';
import { families, type FamilyDocument } from '#services/identity/domain/refresh-family/state.js';
import { scopes } from '#services/identity/domain/scope/state.js';
import { tenantSettings } from '#services/identity/domain/tenant/state.js';
import type {
  Actor,
  CodeFacts,
  DeviceFacts,
  FoundFamily,
  Issued,
  LiveToken,
  NewAccessToken,
  NewDevice,
  NewFamilyFacts,
  OauthClient,
  OauthLedger,
  PersonClaims,
  UsedFamily,
  Verified,
} from './oauth-ledger.js';
import { factsOf, issuedOf } from './issued-family.js';
import { personClaims } from './person-claims.js';

const defaultTtlS = 600;
/** RFC 9700, 2.2.1: whoever verifies without asking learns of a revocation when it expires. */
const defaultOfflineTtlS = 300;
/** Longest wait for what this instance has not read yet, ms. */
const waitMs = 250;

/** What OAuth needs, from the use cases. */
export class LedgerOfParts implements OauthLedger {
  readonly #parts: IdentityParts;
  readonly #live: LiveTokens;
  readonly #clients: OauthClients;
  /** By client as L had it last, and audience. */
  readonly #ttls = new WeakMap<OauthClient, Map<string, number>>();

  constructor(parts: IdentityParts) {
    this.#parts = parts;
    this.#live = new LiveTokens(parts);
    this.#clients = new OauthClients(parts);
  }

  requireServing(): void {
    const { ledger, sessions } = this.#parts;
    ledger.requireServing();
    if (mayHoldSessions(this.#parts)) sessions.requireServing();
  }

  requireFresh(tenant: string): void {
    requireFresh(this.#parts, tenant);
  }

  client(id: string): OauthClient | undefined {
    return this.#clients.find(id);
  }

  secretOf(client: OauthClient, secret: string): string | undefined {
    return this.#clients.secretOf(client, secret);
  }

  audiencesOf({ settings }: OauthClient): readonly ClientAudience[] {
    if (settings.audiences.length > 0) return settings.audiences;
    return [{ id: this.#parts.audiences[0] ?? this.#parts.issuer, offline: false }];
  }

  certificateOf(
    client: OauthClient,
    spkiSha256: string,
    uris: readonly string[],
  ): string | undefined {
    return this.#clients.certificateOf(client, spkiSha256, uris);
  }

  granted(client: OauthClient, principal: string): readonly string[] {
    return this.#clients.granted(client, principal);
  }

  giveConsent(who: Verified, client: OauthClient, given: readonly string[]): Promise<void> {
    return this.#clients.giveConsent(who, client, given);
  }

  needsNewLogin(by: Verified, { client }: OauthClient): boolean {
    if (findConsent(this.#parts, { ...by, client }) === undefined) return false;
    return !isStanding(this.#parts, { ...by, client }) && isStanding(this.#parts, by);
  }

  session(token: string): Promise<Session | undefined> {
    return visitSession(this.#parts, token);
  }

  isActive(tenant: string, principal: string): boolean {
    const { ledger, clock } = this.#parts;
    const { view } = ledger.fold;
    const row = view.principalRow(tenant, principal);
    return principalStatus(view, row, clock.wallMs()) === ALLOW;
  }

  claims(tenant: string, principal: string): Promise<PersonClaims> {
    return personClaims(this.#parts, tenant, principal);
  }

  describeScope(tenant: string, scope: string): string | undefined {
    return scopes.read(documentsOf(this.#parts.ledger.state), tenant, scope)?.description;
  }

  async issueCode(
    session: Verified,
    client: OauthClient,
    code: string,
    facts: CodeFacts,
  ): Promise<void> {
    await issueCode(this.#parts, { ...facts, session, client: client.client, code });
  }

  async code({ tenant, client }: OauthClient, code: string): Promise<CodeFacts | undefined> {
    const found = await this.#sooner(() => findCode(this.#parts, tenant, code));
    return found?.client === client ? found : undefined;
  }

  async redeemCode(client: OauthClient, code: string, family: NewFamilyFacts): Promise<Issued> {
    const start = this.#startOf(client, family);
    const redeemed = await redeemCode(this.#parts, { ...start, tenant: client.tenant, code });
    return issuedOf(redeemed, redeemed.session, false);
  }

  async familyOf(refreshToken: string): Promise<FoundFamily | undefined> {
    const { sessions, sessionSecrets, clock } = this.#parts;
    const token = sessionSecrets.readRefreshToken(refreshToken);
    if (token === undefined) return undefined;
    const { tenant, family } = token;
    const document = await this.#sooner(() => this.#familyIn(token));
    if (document === undefined || document.revoked) return undefined;
    // Revoked, and the ledger could not take it yet.
    if (sessions.fold.early.has(tenant, 'FAMILY', family)) return undefined;
    if (document.generation !== token.generation) return undefined;
    if (Math.min(document.idleUntilMs, document.expiresAtMs) <= clock.wallMs()) return undefined;
    const session = findSessionById(this.#parts, tenant, document.session);
    if (session === undefined) return undefined;
    // As its use would be judged: its consent may have been withdrawn.
    if (!isStanding(this.#parts, { ...session, client: document.client })) return undefined;
    const facts = factsOf({ ...document, family }, session, false);
    return { ...facts, rotatedAtMs: document.rotatedAtMs };
  }

  async rotate(
    { client }: OauthClient,
    refreshToken: string,
    mayUse: (family: UsedFamily) => void,
  ): Promise<Issued> {
    const rotated = await rotateFamily(this.#parts, { refreshToken, client, mayUse });
    return issuedOf(rotated, rotated.session, rotated.outage);
  }

  async revokeFamily({ client, ...of }: OauthClient, refreshToken: string): Promise<void> {
    const token = this.#parts.sessionSecrets.readRefreshToken(refreshToken);
    const document = token && (await this.#sooner(() => this.#familyIn(token)));
    if (token === undefined || document?.client !== client) return;
    await revokeFamily(this.#parts, ownCall(of), token.family, 'CLIENT', client);
  }

  #familyIn({ tenant, family }: RefreshTokenFacts): FamilyDocument | undefined {
    return families.read(documentsOf(this.#parts.sessions.state), tenant, family);
  }

  async issueDevice(of: OauthClient, it: NewDevice, source: string): Promise<void> {
    const { tenant, client, principal } = of;
    // Whoever has no secret to show could fill the ledger.
    if (of.settings.authMethod === 'none') this.#parts.proofs.deviceLimits.take(source, client);
    await issueDeviceCode(this.#parts, { ...it, tenant, client, principal });
  }

  async device(
    { tenant, client }: OauthClient,
    deviceCode: string,
  ): Promise<DeviceFacts | undefined> {
    const found = await this.#sooner(() => findDeviceCode(this.#parts, tenant, deviceCode));
    return found?.client === client ? found : undefined;
  }

  /** The code alone does not say whose it is; codes are short-lived, and guesses are braked. */
  deviceByUserCode(userCode: string): Promise<DeviceFacts | undefined> {
    return this.#sooner(() => {
      for (const { id } of this.#parts.ledger.fold.view.tenants) {
        const found = findByUserCode(this.#parts, id, userCode);
        if (found !== undefined) return found;
      }
      return undefined;
    });
  }

  async approveDevice(by: Verified, userCode: string, given: readonly string[]): Promise<void> {
    await approveDeviceCode(this.#parts, this.#sessionOf(by), userCode, { scopes: given });
  }

  async denyDevice(by: Verified, userCode: string): Promise<void> {
    await denyDeviceCode(this.#parts, this.#sessionOf(by), userCode);
  }

  async redeemDevice(
    client: OauthClient,
    deviceCode: string,
    family: NewFamilyFacts,
  ): Promise<Issued> {
    const redeemed = await redeemDeviceCode(this.#parts, {
      ...this.#startOf(client, family),
      tenant: client.tenant,
      deviceCode,
      label: client.settings.name,
    });
    return issuedOf(redeemed, redeemed.session, false);
  }

  async useAssertion(
    { tenant, client, principal }: OauthClient,
    jti: string,
    expiresAtMs: number,
  ): Promise<boolean> {
    try {
      await useAssertion(this.#parts, { tenant, client, principal, jti, expiresAtMs });
      return true;
    } catch (error) {
      // The latter: one that lives for longer than its `jti` would be kept.
      const refused = ['ALREADY_USED', 'GRANT_REJECTED'];
      if (error instanceof Failure && refused.includes(error.reason)) return false;
      throw error;
    }
  }

  async endSession(session: Verified): Promise<void> {
    await endSession(this.#parts, ownCall(session), session, 'LOGOUT');
  }

  position(): number {
    return this.#parts.ledger.reader.position;
  }

  accessPayload(token: NewAccessToken): Record<string, unknown> {
    const { verified, client, cnf } = token;
    const [[method, thumbprint] = []] = Object.entries(cnf ?? {});
    const payload = accessPayload({
      issuer: this.#parts.issuer,
      subject: verified.principal,
      tenant: verified.tenant,
      audience: token.audience,
      issuedAtS: token.issuedAtS,
      expiresAtS: token.expiresAtS,
      tokenId: token.tokenId,
      scopes: token.scopes,
      // A device has none of its own; the claim may not be empty.
      amr: verified.amr.length === 0 ? ['user'] : verified.amr,
      authTimeS: Math.floor(verified.authTimeMs / 1000),
      clientId: client.client,
      ...(verified.session === '' ? {} : { sessionId: verified.session }),
      ...(verified.acr === '' ? {} : { acr: verified.acr }),
      ...((method === 'jkt' || method === 'x5t#S256') && thumbprint !== undefined
        ? { confirmation: { method, thumbprint } }
        : {}),
      ledger: this.#placeOf(token),
    });
    return token.act === undefined ? payload : { ...payload, act: token.act };
  }

  accessTtlS(client: OauthClient, audience: string): number {
    const known = this.#ttls.get(client) ?? new Map<string, number>();
    const ttlS = known.get(audience) ?? this.#ttlS(client, audience);
    this.#ttls.set(client, known.set(audience, ttlS));
    return ttlS;
  }

  #ttlS(client: OauthClient, audience: string): number {
    const { tenant, settings } = client;
    const own = settings.accessTokenTtlMs;
    if (own !== undefined) return Math.floor(own / 1000);
    const view = documentsOf(this.#parts.ledger.state);
    const ofTenant = tenantSettings.read(view, tenant, tenant);
    const offline = this.audiencesOf(client).find(({ id }) => id === audience)?.offline ?? false;
    const ttlMs = offline ? ofTenant?.offlineTokenTtlMs : ofTenant?.accessTokenTtlMs;
    if (ttlMs !== undefined) return Math.floor(ttlMs / 1000);
    return offline ? defaultOfflineTtlS : defaultTtlS;
  }

  async liveToken(accessToken: string): Promise<LiveToken | undefined> {
    const found = await this.#live.find(accessToken);
    if (found === undefined) return undefined;
    const { claims, act } = found;
    const { confirmation, ledger } = claims;
    return {
      tokenId: claims.tokenId,
      tenant: claims.tenant,
      principal: claims.subject,
      client: claims.clientId,
      audience: claims.audience,
      scopes: claims.scopes,
      issuedAtS: claims.issuedAtS,
      expiresAtS: claims.expiresAtS,
      authTimeS: claims.authTimeS,
      acr: claims.acr,
      amr: claims.amr,
      session: claims.sessionId,
      family: ledger.family,
      jkt: confirmation?.method === 'jkt' ? confirmation.thumbprint : undefined,
      x5t: confirmation?.method === 'x5t#S256' ? confirmation.thumbprint : undefined,
      credential: ledger.credential,
      authPosition: ledger.authPosition,
      outage: ledger.issuedInOutage ?? false,
      act: act as Actor | undefined,
    };
  }

  async revokeToken({ tenant, principal }: OauthClient, token: LiveToken): Promise<void> {
    const { tokenId: jti, client, expiresAtS } = token;
    const expiresAtMs = expiresAtS * 1000;
    const it = { jti, principal: token.principal, client, expiresAtMs };
    await revokeToken(this.#parts, ownCall({ tenant, principal }), it, 'CLIENT');
  }

  /** What is not there may have been written by another instance a moment ago. */
  async #sooner<T>(read: () => T | undefined): Promise<T | undefined> {
    const found = read();
    if (found !== undefined) return found;
    await this.#parts.sessions.seeEnd(waitMs);
    return read();
  }

  #placeOf({ verified, client, family, outage }: NewAccessToken) {
    const { ledger, sessions } = this.#parts;
    return {
      epoch: ledger.fold.cluster?.epoch ?? 1,
      position: ledger.reader.position,
      authPosition: verified.authPosition,
      credential: verified.credential === '' ? client.client : verified.credential,
      sessionPosition: sessions.reader.position,
      ...(family === undefined ? {} : { family }),
      ...(outage ? { issuedInOutage: true } : {}),
    };
  }

  #startOf(
    { client, settings }: OauthClient,
    family: NewFamilyFacts,
  ): Omit<FamilyStart, 'session'> {
    const { refreshIdleMs: idleMs, refreshAbsoluteMs: lifetimeMs } = settings;
    return { ...family, client, idleMs, lifetimeMs };
  }

  #sessionOf({ tenant, session }: Verified): Session {
    const found = findSessionById(this.#parts, tenant, session);
    if (found === undefined) throw new Failure('CREDENTIALS_REJECTED', 'the session has ended');
    return found;
  }
}
