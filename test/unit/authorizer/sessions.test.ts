import { hash } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { systemRandom } from '#libs/runtime/ids.js';
import { generateSessionToken } from '#libs/tokens/session-token.js';
import type { Possession, Who } from '#services/authorizer/app/question.js';
import {
  granted,
  permissionDefined,
  registered,
  roleCreated,
  tenantWithCaller,
} from '../../support/authorizer/seed-events.js';
import { AppWorld, callBy, failureOf, type TokenChange } from './app-world.js';

const acme = tenantWithCaller('acme');
const session = generateSessionToken(systemRandom);
const facts = {
  session: 's1',
  principal: 'alice',
  credential: 'password-of-alice',
  acr: 'urn:ledgate:acr:1',
  amr: ['pwd'],
  label: '',
  sealed: '',
};
const ended: DomainEvent = {
  type: 'SessionEnded',
  session: 's1',
  principal: 'alice',
  cause: 'LOGOUT',
  expiresAtMs: 4e12,
};
let world: AppWorld;

const whole = (more: Partial<typeof facts> = {}) => {
  const nowMs = world.clock.wallMs();
  const times = { authTimeMs: nowMs, startedAtMs: nowMs, idleUntilMs: nowMs + 60_000 };
  const authPosition = world.reader.position;
  return {
    ...facts,
    ...times,
    expiresAtMs: 4e12,
    authPosition,
    tokenSha256: session.sha256,
    ...more,
  };
};
const begin = (): Promise<number> =>
  world.happenInS('acme', { type: 'SessionStarted', ...whole() });
const token = (more: TokenChange = {}): Promise<string> => {
  const inS = { sessionPosition: world.sessionReader.position, family: 'f1', ...more.inS };
  const claims = { sessionId: 's1', acr: facts.acr, ...more.claims };
  return world.token('acme', 'alice', { tokenId: 'jti', ...more, inS, claims });
};
const reasonOf = async (who: Who, action = 'orders:read'): Promise<string> => {
  const question = { who, action, resource: '' };
  return (await world.app.authorizer.authorize(callBy(acme.apiKey), question, undefined)).reason;
};
const byToken = (text: string, proof?: Possession): Who => ({ kind: 'TOKEN', text, proof });
const bySession: Who = { kind: 'SESSION', text: session.text };

beforeEach(async () => {
  world = await AppWorld.begin();
  await world.publishKey();
  await world.happen(
    'acme',
    ...acme.events,
    permissionDefined('orders:read'),
    permissionDefined('orders:pay', { risk: 'SENSITIVE' }),
    roleCreated('clerk', ['orders:*']),
    registered('alice'),
    granted('alice', 'clerk'),
  );
  await world.raise();
});

describe('a session token', () => {
  it('is who it belongs to, until the session is over', async () => {
    await begin();
    const { authorizer } = world.app;
    expect(await reasonOf(bySession)).toBe('ALLOWED');
    expect(await reasonOf({ kind: 'TOKEN', text: session.text })).toBe('ALLOWED');
    const told = await authorizer.authenticate(callBy(acme.apiKey), bySession, undefined);
    expect(told).toMatchObject({
      identity: {
        principal: 'alice',
        credentialKind: 'SESSION',
        session: 's1',
        acr: facts.acr,
        amr: ['pwd'],
        authTimeMs: world.clock.wallMs(),
        expiresAtMs: world.clock.wallMs() + 60_000,
      },
      answered: { sessionPosition: 1 },
    });
    world.clock.advance(60_000);
    expect(await reasonOf(bySession)).toBe('SESSION_IDLE');
    await world.happenInS('acme', { type: 'SessionExtended', ...whole() });
    expect(await reasonOf(bySession)).toBe('ALLOWED');
    await world.happenInS('acme', ended);
    expect(await reasonOf(bySession)).toBe('SESSION_ENDED');
  });

  it('that was given out a moment ago is waited for; one of nobody is unknown', async () => {
    const event: DomainEvent = { type: 'SessionStarted', ...whole() };
    await world.sessionSeed.append([event], { tenant: 'acme' });
    const asked = reasonOf(bySession);
    await new Promise((resolve) => setTimeout(resolve, 5));
    world.sessionReader.catchUp();
    expect(await asked).toBe('ALLOWED');
    const nobody = generateSessionToken(systemRandom).text;
    expect(await reasonOf({ kind: 'SESSION', text: nobody })).toBe('SESSION_UNKNOWN');
    expect(await reasonOf({ kind: 'SESSION', text: 'lgs_short' })).toBe('SESSION_UNKNOWN');
  });
});

// What is not read yet says neither yes nor no.
it('a session token is not known yet while S is read for the first time after the level was raised', async () => {
  const late = await AppWorld.begin();
  late.sessions.arriving();
  await late.publishKey();
  await late.happen('acme', ...acme.events, registered('alice'));
  const ask = () => {
    const question = { who: bySession, action: 'orders:read', resource: '' };
    return late.app.authorizer.authorize(callBy(acme.apiKey), question, undefined);
  };
  expect((await ask()).reason).toBe('SESSION_UNKNOWN');
  await late.seed.raise(3);
  late.reader.catchUp();
  expect((await failureOf(ask)).reason).toBe('NOT_YET_KNOWN');
  await late.happenInS('acme', { type: 'SessionStarted', ...whole() });
  expect((await failureOf(ask)).reason).toBe('NOT_YET_KNOWN');
  late.sessions.arrived();
  expect((await ask()).reason).toBe('UNKNOWN_PERMISSION');
});

// Oathkeeper #743, #1082: what was cached could not be revoked.
describe('a token that was verified before', () => {
  it.each<[string, DomainEvent, string]>([
    [
      'itself',
      { type: 'TokenRevoked', jti: 'jti', principal: 'alice', expiresAtMs: 4e12, cause: 'OWNER' },
      'TOKEN_REVOKED',
    ],
    [
      'its family',
      {
        type: 'RefreshFamilyRevoked',
        family: 'f1',
        principal: 'alice',
        client: '',
        cause: 'REUSE',
        accessExpiresAtMs: 4e12,
      },
      'FAMILY_REVOKED',
    ],
    ['its session', ended, 'SESSION_ENDED'],
  ])('ends at once with %s, as a credential and as a caller', async (_, event, reason) => {
    await begin();
    const asks = ['ask', 'ask-any'].map((verb) => `ledgate.authorizer:${verb}`);
    await world.happen('acme', roleCreated('asker', asks), granted('alice', 'asker'));
    const text = await token();
    const question = { who: byToken(text), action: 'orders:read', resource: '' };
    const ask = () => world.app.authorizer.authorize(callBy(text), question, undefined);
    for (let i = 0; i < 3; i++) expect((await ask()).reason).toBe('ALLOWED');
    await world.happenInS('acme', event);
    expect(await reasonOf(byToken(text))).toBe(reason);
    expect((await failureOf(ask)).reason).toBe('CALLER_UNAUTHENTICATED');
  });

  it('says how strongly its session is authenticated now: a step-up counts for the same token', async () => {
    await begin();
    const text = await token();
    const acrOf = async () => {
      const who = byToken(text) as never;
      const told = await world.app.authorizer.authenticate(callBy(acme.apiKey), who, undefined);
      return told.identity?.acr;
    };
    expect(await acrOf()).toBe('urn:ledgate:acr:1');
    const stronger = { acr: 'urn:ledgate:acr:2' };
    await world.happenInS('acme', { type: 'SessionSteppedUp', ...whole(stronger) });
    expect(await acrOf()).toBe('urn:ledgate:acr:2');
  });

  it('from ahead of this authorizer is not yet known, in either ledger', async () => {
    await begin();
    const ahead = await token({ inS: { sessionPosition: 99 } });
    const asked = failureOf(() => reasonOf(byToken(ahead)));
    await new Promise((resolve) => setTimeout(resolve, 5));
    world.clock.advance(1_000);
    expect((await asked).reason).toBe('NOT_YET_KNOWN');
  });

  it('that was issued in an outage is refused what is SENSITIVE, and nothing else', async () => {
    await begin();
    const text = await token({ inS: { issuedInOutage: true } });
    expect(await reasonOf(byToken(text))).toBe('ALLOWED');
    expect(await reasonOf(byToken(text), 'orders:pay')).toBe('ISSUED_IN_OUTAGE');
    expect(await reasonOf(byToken(await token()), 'orders:pay')).toBe('ALLOWED');
  });
});

describe('both ledgers', () => {
  it('make it ready, and the older of them makes it old', async () => {
    const { ledger, authorizer } = world.app;
    expect(ledger.notReady()).toEqual([]);
    world.sessionReader.ageMs = 400_000;
    expect(ledger.stalenessMs()).toBe(400_000);
    expect(ledger.notReady()).toEqual(['the state is too old']);
    world.sessionReader.ageMs = 0;
    world.sessionReader.state = 'diverged';
    const question = { who: bySession, action: 'orders:read', resource: '' };
    const ask = () => authorizer.authorize(callBy(acme.apiKey), question, undefined);
    expect((await failureOf(ask)).reason).toBe('DIVERGED');
    expect(ledger.notReady()).toEqual(['the reader of ledger S is diverged']);
  });

  it('are not asked for by a cell that has one only', async () => {
    const old = await AppWorld.begin();
    await old.publishKey();
    await old.happen('acme', ...acme.events, registered('alice'));
    old.sessionReader.state = 'starting';
    old.sessionReader.ageMs = Number.POSITIVE_INFINITY;
    expect(old.app.ledger.notReady()).toEqual([]);
    const who: Who = { kind: 'TOKEN', text: await old.token('acme', 'alice') };
    const question = { who, action: 'orders:read', resource: '' };
    const answer = await old.app.authorizer.authorize(callBy(acme.apiKey), question, undefined);
    expect(answer).toMatchObject({
      reason: 'UNKNOWN_PERMISSION',
      answered: { sessionPosition: -1 },
    });
  });
});

describe('a token that is bound to a key', () => {
  const thumbprint = 'x'.repeat(43);
  const possession = (more: Partial<Possession>): Possession => ({
    certificateSha256: '',
    verifiedJkt: '',
    ...more,
  });

  it('needs the certificate (RFC 8705), or the key that the caller has verified', async () => {
    await begin();
    const mtls = await token({ claims: { confirmation: { method: 'x5t#S256', thumbprint } } });
    const dpop = await token({ claims: { confirmation: { method: 'jkt', thumbprint } } });
    const other = 'y'.repeat(43);
    expect(await reasonOf(byToken(mtls))).toBe('PROOF_REQUIRED');
    const certificate = possession({ certificateSha256: thumbprint });
    expect(await reasonOf(byToken(mtls, certificate))).toBe('ALLOWED');
    expect(await reasonOf(byToken(mtls, possession({ verifiedJkt: thumbprint })))).toBe(
      'PROOF_REQUIRED',
    );
    const foreign = possession({ certificateSha256: other });
    expect(await reasonOf(byToken(mtls, foreign))).toBe('PROOF_INVALID');
    expect(await reasonOf(byToken(dpop, certificate))).toBe('PROOF_REQUIRED');
    expect(await reasonOf(byToken(dpop, possession({ verifiedJkt: thumbprint })))).toBe('ALLOWED');
    expect((await failureOf(() => world.app.callers.admit(callBy(mtls), 0))).reason).toBe(
      'CALLER_UNAUTHENTICATED',
    );
  });

  it('takes a DPoP proof once, for one batch as a whole', async () => {
    await begin();
    const pair = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    const own = await calculateJwkThumbprint(jwk);
    const text = await token({ claims: { confirmation: { method: 'jkt', thumbprint: own } } });
    const request = { httpMethod: 'GET', httpUri: 'https://api.test/orders' };
    const ath = hash('sha256', text, 'base64url');
    const iat = Math.floor(world.clock.wallMs() / 1000);
    const proofOf = (jti: string) =>
      new SignJWT({ jti, htm: 'GET', htu: request.httpUri, iat, ath })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
        .sign(pair.privateKey);
    const by = (proof: string) => byToken(text, possession({ dpop: { proof, ...request } }));
    const first = await proofOf('1');
    expect(await reasonOf(by(first))).toBe('ALLOWED');
    expect(await reasonOf(by(first))).toBe('PROOF_INVALID');
    const second = by(await proofOf('2'));
    const questions = ['orders:read', 'orders:pay'].map((action) => {
      return { who: second, action, resource: '' };
    });
    const ask = () => world.app.authorizer.batch(callBy(acme.apiKey), questions, undefined);
    expect((await ask()).map(({ reason }) => reason)).toEqual(['ALLOWED', 'ALLOWED']);
    expect((await ask()).map(({ reason }) => reason)).toEqual(['PROOF_INVALID', 'PROOF_INVALID']);
    expect(world.app.proofs.size).toBe(2);
    world.clock.advance(200_000);
    world.app.sweep();
    expect(world.app.proofs.size).toBe(0);
  });
});
