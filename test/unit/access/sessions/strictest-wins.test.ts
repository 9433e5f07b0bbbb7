import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokenStatus } from '#libs/access/evaluate/credential-status.js';
import { sessionStatus } from '#libs/access/evaluate/session-status.js';
import type { TokenFacts } from '#libs/access/evaluate/token-facts.js';
import type { AccessView } from '#libs/access/projection/access-view.js';
import { ALLOW, QUARANTINED, reasonName } from '#libs/access/reason-code.js';
import type { SessionView } from '#libs/access/sessions/session-view.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { keyHash } from '#libs/events/keys.js';
import { andThen, client, given, principal, signingKey, tenant } from '../given.js';
import { ended, familyRevoked, foldS, inT, started, tokenRevoked } from './session-events.js';

const cause = 'ADMIN' as const;
const nowMs = 1_000;
const watermark = (scope: 'PRINCIPAL' | 'CLIENT' | 'TENANT' | 'ALL', id: string): DomainEvent => ({
  type: 'WatermarkRaised',
  scope,
  id,
  cause,
});
const ofShop = { client: 'shop', principal: 'service' };

/** Each can end a token on its own, whatever else is in order. */
const revocations: Record<
  string,
  { readonly inL?: readonly DomainEvent[]; readonly inS?: DomainEvent; readonly session: boolean }
> = {
  token: { inS: tokenRevoked('jti'), session: false },
  session: { inS: ended('s1'), session: true },
  family: { inS: familyRevoked('f1'), session: false },
  'principal suspended': {
    inL: [{ type: 'PrincipalSuspended', principal: 'ann', admin: false }],
    session: true,
  },
  'sessions invalidated': {
    inL: [{ type: 'SessionsInvalidated', principal: 'ann', cause }],
    session: true,
  },
  'password changed': {
    inL: [
      {
        type: 'PasswordSet',
        principal: 'ann',
        credential: 'password',
        version: 2,
        hash: { id: 'v', sha256: 'h' },
        params: '',
        cause: 'CHANGE',
        mustChange: false,
      },
    ],
    session: true,
  },
  'password removed': {
    inL: [{ type: 'PasswordRemoved', principal: 'ann', credential: 'password', cause }],
    session: true,
  },
  'credential blocked': {
    inL: [{ type: 'CredentialBlocked', principal: 'ann', credential: 'password', cause }],
    session: true,
  },
  'client suspended': { inL: [{ type: 'ClientSuspended', ...ofShop }], session: false },
  'client deleted': { inL: [{ type: 'ClientDeleted', ...ofShop }], session: false },
  'client watermark': { inL: [watermark('CLIENT', 'shop')], session: false },
  'consent withdrawn': {
    inL: [{ type: 'ConsentWithdrawn', principal: 'ann', client: 'shop' }],
    session: false,
  },
  'key compromised': {
    inL: [{ type: 'SigningKeyCompromised', kid: 'k', issuer: 'i' }],
    session: false,
  },
  'principal watermark': { inL: [watermark('PRINCIPAL', 'ann')], session: true },
  'tenant watermark': { inL: [watermark('TENANT', 't')], session: true },
  'cluster watermark': { inL: [watermark('ALL', '')], session: true },
  'tenant suspended': { inL: [{ type: 'TenantSuspended' }], session: true },
};
const all = Object.keys(revocations);

interface World {
  readonly view: AccessView;
  readonly sessions: SessionView;
  readonly token: TokenFacts;
}

function begin(): World {
  const view = given(tenant, principal('ann'), principal('service'));
  andThen(view, client('shop', 'service'), ...signingKey('k'));
  const authPosition = view.position;
  const sessions = foldS(inT(started('s1', { authPosition })));
  const token: TokenFacts = {
    tenant: 't',
    principal: 'ann',
    client: 'shop',
    kid: 'k',
    credential: 'password',
    authPosition,
    expiresAtMs: 8_000,
    place: { tokenId: 'jti', issuedAt: authPosition, session: 's1', family: 'f1', position: 0 },
  };
  return { view, sessions, token };
}

function revoke({ view, sessions }: World, names: readonly string[]): void {
  for (const name of names) {
    const { inL = [], inS } = revocations[name] ?? {};
    andThen(view, ...inL);
    if (inS !== undefined) foldS(inT(inS), sessions);
  }
}

const ofToken = ({ view, sessions, token }: World, at = nowMs) =>
  tokenStatus(view, sessions, token, at);
const ofSession = ({ view, sessions }: World, at = nowMs) =>
  sessionStatus(view, sessions, sessions.find('t', 's1'), at);

// Keycloak GHSA-83c4: of two notBefore levels one was ignored.
describe('strictest wins', () => {
  it('nothing revoked: both are good', () => {
    const world = begin();
    expect([reasonName(ofToken(world)), reasonName(ofSession(world))]).toEqual([
      'ALLOWED',
      'ALLOWED',
    ]);
  });

  it.each(all)('%s alone ends the token, and the session where it reaches so far', (name) => {
    const world = begin();
    revoke(world, [name]);
    expect(ofToken(world)).not.toBe(ALLOW);
    expect(ofSession(world) === ALLOW).toBe(revocations[name]?.session === false);
  });

  it('any combination, in any order, ends it: no level hides another', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: 1 }), (names) => {
        const world = begin();
        revoke(world, names);
        expect(ofToken(world)).not.toBe(ALLOW);
        const reaches = names.some((name) => revocations[name]?.session === true);
        expect(ofSession(world) === ALLOW).toBe(!reaches);
      }),
      { numRuns: 400 },
    );
  });

  it('what is undone of it brings back only what nothing else has ended', () => {
    const world = begin();
    revoke(world, ['client suspended']);
    andThen(world.view, { type: 'ClientResumed', ...ofShop });
    expect(ofToken(world)).toBe(ALLOW);
    revoke(world, ['consent withdrawn']);
    const again = { principal: 'ann', client: 'shop', scopes: [], audience: '' };
    andThen(world.view, { type: 'ConsentGiven', ...again });
    expect(reasonName(ofToken(world))).toBe('CONSENT_WITHDRAWN');
    const { token } = world;
    const place = { ...token.place, issuedAt: world.view.position } as TokenFacts['place'];
    expect(ofToken({ ...world, token: { ...token, place } })).toBe(ALLOW);
  });
});

describe('a session', () => {
  it('is over by its times, whichever comes first', () => {
    const world = begin();
    expect(reasonName(ofSession(world, 4_999))).toBe('ALLOWED');
    expect(reasonName(ofSession(world, 5_000))).toBe('SESSION_IDLE');
    expect(reasonName(ofSession(world, 9_000))).toBe('SESSION_EXPIRED');
    expect(reasonName(ofToken(world, 5_000))).toBe('SESSION_IDLE');
  });

  it('is somebody: a token that names none, or another one’s, is refused', () => {
    const world = begin();
    const named = (session: string, principalId = 'ann') => {
      const place = { ...world.token.place, session } as TokenFacts['place'];
      return reasonName(
        ofToken({ ...world, token: { ...world.token, principal: principalId, place } }),
      );
    };
    expect(named('none')).toBe('SESSION_UNKNOWN');
    andThen(world.view, principal('bob'));
    expect(named('s1', 'bob')).toBe('SESSION_UNKNOWN');
    expect(named('')).toBe('ALLOWED');
  });

  it('is dead with all that was issued before, when either ledger is restored', () => {
    const inS = begin();
    inS.sessions.open(2, 50);
    expect(reasonName(ofSession(inS))).toBe('ISSUED_BEFORE_RESTORE');
    expect(reasonName(ofToken(inS))).toBe('ISSUED_BEFORE_RESTORE');
    const inL = begin();
    inL.view.open(2, 50);
    expect(reasonName(ofSession(inL))).toBe('ISSUED_BEFORE_RESTORE');
  });

  it('cannot be judged while a record about it could not be read', () => {
    for (const [kind, id] of [
      ['session', 's1'],
      ['token', 'jti'],
      ['family', 'f1'],
    ] as const) {
      const world = begin();
      world.sessions.quarantine([keyHash('t', kind, id)]);
      expect(ofToken(world)).toBe(QUARANTINED);
      expect(ofSession(world) === QUARANTINED).toBe(kind === 'session');
    }
    const world = begin();
    expect(tokenStatus(world.view, undefined, world.token, nowMs)).toBe(QUARANTINED);
  });
});
