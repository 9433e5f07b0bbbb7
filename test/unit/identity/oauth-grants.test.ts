import { describe, expect, it } from 'vitest';

import type { DomainEvent } from '#libs/events/catalogue.js';
import type { SessionCommand } from '#services/identity/domain/session-commands.js';
import { nowMs } from './scenario.js';
import { newFamily, sessionStarted, SessionWorld, startSession } from './session-world.js';

const minute = 60_000;

/** The types of the events of the last of these commands, or the reason why not. */
function after(past: readonly DomainEvent[], commands: readonly SessionCommand[], atMs = nowMs) {
  const world = new SessionWorld(past);
  for (const command of commands.slice(0, -1)) {
    const draft = world.decide({ command });
    if (draft !== undefined) world.apply(draft);
  }
  const decision = world.decision(commands.at(-1) as SessionCommand, atMs);
  if ('rejected' in decision) return decision.rejected.reason;
  return decision.events.map((event) => event.type);
}

const grant = {
  client: 'app',
  scopes: ['openid'],
  audience: 'a',
  acr: 'urn:ledgate:acr:1',
  authTimeMs: nowMs,
  authPosition: 7,
};

describe('authorization codes', () => {
  const past = [sessionStarted('s1')];
  const issue = {
    type: 'IssueAuthorizationCode',
    codeSha256: 'k1',
    session: 's1',
    principal: 'p1',
    redirectUri: 'https://app.example/cb',
    expiresAtMs: nowMs + minute,
    ...grant,
  } as const;
  const redeem = {
    type: 'RedeemAuthorizationCode',
    codeSha256: 'k1',
    client: 'app',
    family: newFamily('f1', 's1'),
  } as const;
  const second = { ...redeem, family: newFamily('f2', 's1') };

  it('are issued for a minute at most, in a live session of the principal', () => {
    expect(after(past, [issue])).toEqual(['AuthorizationCodeIssued']);
    expect(after(past, [{ ...issue, expiresAtMs: nowMs + minute + 1 }])).toBe('INVALID_ARGUMENT');
    expect(after(past, [{ ...issue, principal: 'p2' }])).toBe('GRANT_REJECTED');
    expect(after([], [issue])).toBe('GRANT_REJECTED');
  });

  it('start a family once; a second use kills it and says so (RFC 6749, 4.1.2)', () => {
    expect(after(past, [issue, redeem])).toEqual(['RefreshFamilyStarted']);
    expect(after(past, [issue, redeem, second])).toEqual([
      'AuthorizationCodeReplayed',
      'RefreshFamilyRevoked',
    ]);
    expect(after(past, [issue, redeem, second, second])).toBe('GRANT_REJECTED');
    expect(after(past, [issue, redeem, second], nowMs + 10 * minute)).toContain(
      'AuthorizationCodeReplayed',
    );
  });

  it.each([
    ['another client', [issue, { ...redeem, client: 'other' }]],
    [
      'a family of another client',
      [issue, { ...redeem, family: { ...redeem.family, client: 'x' } }],
    ],
    [
      'a family of somebody else',
      [issue, { ...redeem, family: { ...redeem.family, principal: 'p2' } }],
    ],
    ['an unknown code', [redeem]],
  ])('are refused for %s, and stay good', (_, commands) => {
    expect(after(past, commands)).toBe('GRANT_REJECTED');
    expect(after(past, [...commands.slice(0, -1), issue, redeem])).toEqual([
      'RefreshFamilyStarted',
    ]);
  });

  it('are over after their minute, and with their session', () => {
    expect(after(past, [issue, redeem], nowMs + minute)).toBe('GRANT_REJECTED');
    const end = { type: 'EndSession', session: 's1', principal: 'p1', cause: 'LOGOUT' } as const;
    expect(after(past, [issue, end, redeem])).toBe('GRANT_REJECTED');
  });

  it('start a session of their own where the client stays when its owner leaves', () => {
    const own = { ...redeem, session: startSession('s9', { client: 'app' }) };
    expect(after(past, [issue, { ...own, family: newFamily('f1', 's9') }])).toEqual([
      'SessionStarted',
      'RefreshFamilyStarted',
    ]);
    expect(after(past, [issue, own])).toBe('GRANT_REJECTED');
  });
});

describe('device codes', () => {
  const past = [sessionStarted('s1')];
  const codes = { deviceSha256: 'd1', userCodeSha256: 'u1' };
  const { scopes, audience, client, acr, authTimeMs, authPosition } = grant;
  const issue = {
    type: 'IssueDeviceCode',
    ...codes,
    client,
    scopes,
    audience,
    expiresAtMs: nowMs + 10 * minute,
  } as const;
  const approve = {
    type: 'ApproveDeviceCode',
    userCodeSha256: 'u1',
    session: 's1',
    principal: 'p1',
    acr,
    authTimeMs,
    authPosition,
    scopes,
  } as const;
  const deny = { type: 'DenyDeviceCode', userCodeSha256: 'u1', principal: 'p1' } as const;
  const redeem = {
    type: 'RedeemDeviceCode',
    deviceSha256: 'd1',
    client,
    session: startSession('s9', { client, tokenSha256: undefined }),
    family: newFamily('f1', 's9'),
  } as const;

  it('are answered once, and taken once', () => {
    expect(after(past, [issue, redeem])).toBe('WRONG_STATE');
    expect(after(past, [issue, approve, deny])).toBe('ALREADY_USED');
    expect(after(past, [issue, deny, approve])).toBe('ALREADY_USED');
    expect(after(past, [issue, deny, redeem])).toBe('PERMISSION_DENIED');
    expect(after(past, [issue, approve, redeem])).toEqual([
      'DeviceCodeRedeemed',
      'SessionStarted',
      'RefreshFamilyStarted',
    ]);
    expect(after(past, [issue, approve, redeem, redeem])).toBe('ALREADY_USED');
  });

  it.each([
    ['another client', { ...redeem, client: 'other' }],
    ['a session of somebody else', { ...redeem, session: { ...redeem.session, principal: 'p2' } }],
    ['an unknown code', { ...redeem, deviceSha256: 'd9' }],
  ])('give nothing to %s', (_, command) => {
    expect(after(past, [issue, approve, command])).toBe('GRANT_REJECTED');
  });

  it('are over after their time', () => {
    const late = nowMs + 10 * minute;
    expect(after(past, [issue, approve], late)).toBe('NOT_FOUND');
    expect(after(past, [issue, approve, redeem], late)).toBe('GRANT_REJECTED');
  });
});

describe('client assertions', () => {
  const use = {
    type: 'UseAssertion',
    client: 'app',
    jtiSha256: 'x1',
    expiresAtMs: nowMs + minute,
  } as const;

  it('count once for each client', () => {
    expect(after([], [use])).toEqual(['AssertionUsed']);
    expect(after([], [use, use])).toBe('ALREADY_USED');
    expect(after([], [use, { ...use, client: 'other' }])).toEqual(['AssertionUsed']);
  });

  it('are refused after their end, and when it is too far ahead to be remembered', () => {
    expect(after([], [use], nowMs + minute)).toBe('GRANT_REJECTED');
    expect(after([], [{ ...use, expiresAtMs: nowMs + 61 * minute }])).toBe('GRANT_REJECTED');
  });
});

describe('token revocations', () => {
  const revoke = {
    type: 'RevokeToken',
    jti: 'j1',
    principal: 'p1',
    expiresAtMs: nowMs + minute,
    cause: 'OWNER',
  } as const;

  it('are written once, and not for what is over (RFC 7009, 2.2)', () => {
    expect(after([], [revoke])).toEqual(['TokenRevoked']);
    expect(after([], [revoke, revoke])).toEqual([]);
    expect(after([], [revoke], nowMs + 2 * minute)).toEqual([]);
  });
});
