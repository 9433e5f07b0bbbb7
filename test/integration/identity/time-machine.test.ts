import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Decision } from '#proto/ledgate/authorizer/v1/authorizer.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { GroupServiceService as Groups } from '#proto/ledgate/identity/v1/group.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { Ledger } from '#proto/ledgate/operator/v1/ledger.js';
import { TimeMachineServiceService as Past } from '#proto/ledgate/operator/v1/time_machine.js';
import { refusal } from '../../support/identity/refusal.js';
import {
  adminPassword,
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
  type TenantSetup,
} from '../../support/identity/tenant-setup.js';
import { bySubject, startPair, type Pair } from '../../support/ledgate/running-pair.js';

const action = 'orders:read';
const resources = ['a', 'a/b', 'c'];
let pair: Pair;
let acme: TenantSetup;
let people: string[];
let roleId: string;

beforeAll(async () => {
  pair = await startPair();
  acme = await setUpTenant(pair, 'acme');
  const { admin } = acme;
  const facts = { resourceType: '', description: '', risk: 1, maxStalenessMs: 0n } as const;
  const permission = { name: action, auditRequired: false, ...facts } as const;
  await pair.call(Roles.definePermission, { permission }, admin);
  const role = { name: 'reader', permissions: [action] };
  ({ roleId } = await pair.call(Roles.createRole, role, admin));
  people = [];
  for (const name of ['ann', 'bob', 'cleo']) people.push(await setUpUser(pair, admin, name));
});
afterAll(() => pair.close());

interface Live {
  readonly position: bigint;
  readonly principalId: string;
  readonly resource: string;
  readonly decision: Decision;
  readonly reason: string;
}

/** What the authorizer says right now about everybody and everything. */
async function askAll(): Promise<Live[]> {
  const live: Live[] = [];
  for (const principalId of people) {
    for (const resource of resources) {
      const who = bySubject(acme.tenantId, principalId);
      const answer = await pair.authorize({ who, action, resource }, pair.root);
      const { decision, reason, answered } = answer;
      live.push({ position: answered?.position ?? -1n, principalId, resource, decision, reason });
    }
  }
  return live;
}

describe('the past', () => {
  it('is what the authorizer answered live at each position', async () => {
    const { admin } = acme;
    const [ann = '', bob = '', cleo = ''] = people;
    const live = await askAll();
    const grant = async (to: object, resourcePrefix: string): Promise<string> =>
      (await pair.call(Grants.grantRole, { ...to, roleId, resourcePrefix }, admin)).grantId;
    const { groupId } = await pair.call(Groups.createGroup, { name: 'team' }, admin);
    const grantId = await grant({ principalId: ann }, 'a');
    const steps: (() => Promise<unknown>)[] = [
      () => grant({ groupId }, ''),
      () => pair.call(Groups.addGroupMember, { groupId, principalId: bob }, admin),
      () => pair.call(Grants.revokeGrant, { grantId }, admin),
      () => pair.call(Principals.suspendPrincipal, { principalId: bob }, admin),
      () => grant({ principalId: cleo }, 'c'),
      () => pair.call(Principals.resumePrincipal, { principalId: bob }, admin),
      () => pair.call(Roles.changeRolePermissions, { roleId, remove: [action] }, admin),
      () => pair.call(Roles.changeRolePermissions, { roleId, add: ['orders:*'] }, admin),
      () => pair.call(Principals.deletePrincipal, { principalId: cleo }, admin),
    ];
    live.push(...(await askAll()));
    for (const step of steps) {
      await step();
      live.push(...(await askAll()));
    }
    for (const { position, principalId, resource, ...then } of live) {
      const at = { position };
      const answer = await pair.call(Past.checkAt, { principalId, action, resource, at }, admin);
      expect({ ...then, position, principalId, resource }).toEqual({
        position: answer.place?.position,
        principalId,
        resource,
        decision: answer.decision,
        reason: answer.reason,
      });
    }
    const found = new Set(live.map(({ reason }) => reason));
    expect([...found].sort()).toEqual(
      ['ALLOWED', 'NO_GRANT', 'PRINCIPAL_DELETED', 'PRINCIPAL_SUSPENDED'].sort(),
    );
  });

  it('tells who changed what, in pages that fit together', async () => {
    const { admin } = acme;
    const request = { from: { position: 1n }, to: undefined };
    const whole = await pair.call(
      Past.diff,
      { ...request, page: { pageSize: 500, pageToken: '' } },
      admin,
    );
    const moments = {
      from: { position: whole.from?.position, atMs: whole.from?.atMs },
      to: { position: whole.to?.position, atMs: whole.to?.atMs },
    };
    const changes = [];
    let pageToken = '';
    do {
      const answer = await pair.call(
        Past.diff,
        { ...moments, page: { pageSize: 7, pageToken } },
        admin,
      );
      changes.push(...answer.changes);
      pageToken = answer.nextPageToken;
    } while (pageToken !== '');
    expect(changes).toEqual(whole.changes);
    const bobs = changes.filter(
      (one) => one.principalId === people[1] && one.permission === action,
    );
    expect(bobs).toHaveLength(1);
    expect(bobs[0]?.events.map(({ type }) => type.split('.')[2])).toEqual(
      expect.arrayContaining(['RoleGranted', 'GroupMemberAdded', 'RolePermissionsChanged']),
    );
    const foreign = { ...moments, from: { position: 2n }, page: { pageSize: 7, pageToken } };
    expect((await pair.call(Past.diff, foreign, admin)).from?.position).toBe(2n);
  });

  it('a page token of one moment is none of another', async () => {
    const about = { action, resource: 'a', at: { position: 20n } };
    const page = { pageSize: 1, pageToken: '' };
    const first = await pair.call(
      Past.whatCan,
      { principalId: acme.adminId, at: about.at, page },
      acme.admin,
    );
    const pageToken = first.nextPageToken;
    const elsewhere = {
      principalId: acme.adminId,
      at: { position: 19n },
      page: { ...page, pageToken },
    };
    const { violations } = await refusal(pair.call(Past.whatCan, elsewhere, acme.admin));
    expect(violations.map(({ field }) => field)).toEqual(['page.page_token']);
  });

  it('of a session is in ledger S, with positions of S', async () => {
    const login = { tenant: 'acme', loginName: 'admin', password: adminPassword };
    const { step } = await pair.call(Logins.startLogin, login);
    const { sessionId = '', principalId = '' } = step?.done ?? {};
    await pair.call(Sessions.endSession, { sessionId, principalId }, acme.admin);
    const inS = { id: sessionId, ledger: Ledger.LEDGER_SESSIONS };
    const { events } = await pair.call(Past.history, inS, acme.admin);
    expect(events.map(({ event }) => event?.type)).toEqual([
      'ledgate.session.SessionStarted.v1',
      'ledgate.session.SessionEnded.v1',
    ]);
    expect(events.map(({ facts }) => facts['cause'])).toEqual([undefined, 'LOGOUT']);
    const [first, second] = events.map(({ event }) => event?.position ?? 0n);
    expect(second).toBe((first ?? 0n) + 1n);
    expect((await pair.call(Past.history, { id: sessionId }, acme.admin)).events).toEqual([]);
    const none = { id: sessionId, ledger: 9 as Ledger };
    const { violations } = await refusal(pair.call(Past.history, none, acme.admin));
    expect(violations.map(({ field }) => field)).toEqual(['ledger']);
  });

  it('is open to an auditor of the tenant, and to none of another', async () => {
    const evil = await setUpTenant(pair, 'evil');
    const auditor = await setUpUser(pair, acme.admin, 'auditor');
    await setUpGrant(pair, acme.admin, auditor, {
      name: 'auditors',
      permissions: ['ledgate.operator:who-can', 'ledgate.operator:history'],
    });
    const { apiKey } = await setUpApiKey(pair, acme.admin, auditor);
    const at = { position: 30n };
    const about = { tenantId: acme.tenantId, action, resource: 'a', at };
    await pair.call(Past.whoCan, about, apiKey);
    const { events } = await pair.call(Past.history, { id: people[0] ?? '' }, apiKey);
    expect(events.length).toBeGreaterThan(2);
    const details = 'the caller may not do this here';
    const denied = { code: 7, details, reason: 'PERMISSION_DENIED', violations: [] };
    expect(
      await refusal(pair.call(Past.checkAt, { ...about, principalId: auditor }, apiKey)),
    ).toMatchObject(denied);
    expect(await refusal(pair.call(Past.whoCan, about, evil.admin))).toMatchObject(denied);
    const foreign = await pair.call(Past.whoCan, about, pair.root);
    expect(foreign.place?.position).toBe(30n);
    const unseen = await pair.call(Past.history, { id: people[0] ?? '' }, evil.admin);
    expect(unseen.events).toEqual([]);
  });
});
