import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { expect } from 'vitest';
import {
  AuthorizerServiceService as Authorizer,
  Decision,
  type AuthorizeResponse,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { GrantServiceService as Grants } from '#proto/ledgate/identity/v1/grant.js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { Risk, RoleServiceService as Roles } from '#proto/ledgate/identity/v1/role.js';
import { TenantServiceService as Tenants } from '#proto/ledgate/identity/v1/tenant.js';
import { copyLedger, type Copied } from '#services/ledgate/operate/ledger-file/copy-ledger.js';
import { exportLedger } from '#services/ledgate/operate/ledger-file/export-ledger.js';
import { importLedger } from '#services/ledgate/operate/ledger-file/import-ledger.js';
import { openLedgerFile } from '#services/ledgate/operate/ledger-file/ledger-file.js';
import { verifyFile } from '#services/ledgate/operate/ledger-file/verify-file.js';
import type { AuthorizerClient } from '../authorizer/running-authorizer.js';
import type { World } from '../identity/running-identity.js';
import {
  logIn,
  setUpApiKey,
  setUpGrant,
  setUpTenant,
  setUpUser,
} from '../identity/tenant-setup.js';
import {
  documentsHash,
  macKeys,
  serveAuthorizer,
  serveIdentity,
  signerOf,
  viewHash,
  type Place,
} from './ledger-place.js';
import { byKey, byToken, type Question } from './running-pair.js';

const password = 'seven quiet lanterns';

/** Everything that can be issued, in a cell that was just founded. */
interface Issued {
  readonly root: string;
  readonly admin: string;
  readonly token: string;
  readonly apiKey: string;
  readonly asker: string;
  readonly consistency: string;
}

async function issueEverything(world: World): Promise<Issued> {
  const { root } = world;
  const { admin } = await setUpTenant(world, 'acme');
  const permissions = ['orders:read'];
  const permission = {
    name: 'orders:read',
    resourceType: '',
    description: '',
    risk: Risk.RISK_NORMAL,
    maxStalenessMs: 0n,
    auditRequired: false,
  };
  await world.call(Roles.definePermission, { permission }, admin);
  const principalId = await setUpUser(world, admin, 'ann', password);
  await setUpGrant(world, admin, principalId, { name: 'clerk', permissions });
  const { apiKey } = await setUpApiKey(world, admin, principalId);
  const token = await logIn(world, 'acme', 'ann', password);
  const asker = await makeAsker(world, root, 'asker');
  const made = await world.call(Principals.createUser, { username: 'last' }, admin);
  const consistency = made.result?.consistencyToken ?? '';
  return { root, admin, token, apiKey, asker, consistency };
}

async function makeAsker(world: World, root: string, username: string): Promise<string> {
  const { principalId } = await world.call(Principals.createServiceAccount, { username }, root);
  const role = { name: username, permissions: ['ledgate.authorizer:ask'] };
  const { roleId } = await world.call(Roles.createRole, role, root);
  await world.call(Grants.grantRole, { principalId, roleId }, root);
  return (await setUpApiKey(world, root, principalId)).apiKey;
}

function ask(
  authorizer: AuthorizerClient,
  who: Question['who'],
  bearer: string,
  atLeast?: string,
): Promise<AuthorizeResponse> {
  const consistency =
    atLeast === undefined
      ? undefined
      : { requirement: { $case: 'atLeastAsFresh', value: atLeast } as const };
  const request = { who, action: 'orders:read', resource: 'a', consistency };
  return authorizer.call(Authorizer.authorize, request, bearer);
}

const allowed = { decision: Decision.DECISION_ALLOW };
const denied = (reason: string) => ({ decision: Decision.DECISION_DENY, reason });

/**
 * Must show 8: what was issued before a restore is refused afterwards, by both services. Resolves with
 * why the authorizer refuses an API key and a token of before.
 */
export async function restoreKillsWhatWasIssued(from: Place, to: Place): Promise<string[]> {
  const old = await serveIdentity(from, { bootstrap: true });
  const before = await issueEverything(old);
  const path = join(from.dataDir, 'backup');
  const signer = signerOf(old, before.root);
  await exportLedger({ log: from.log, vault: from.vault, signer, path });
  // The old cell went on: the position of this token is one that the restored ledger will have, too.
  await setUpUser(old, before.admin, 'unknown-to-the-backup');
  const late = await logIn(old, 'acme', 'ann', password);
  await old.close();

  const file = await openLedgerFile(path);
  expect((await verifyFile(file)).findings).toEqual([]);
  const reopen = await importLedger({ file, log: to.log, vault: to.vault });
  const world = await serveIdentity(to, { reopen });
  const authorizer = await serveAuthorizer(to);
  try {
    const root = world.root;
    expect(root).not.toBe('');
    const asker = await makeAsker(world, root, 'new-asker');
    await refusedByIdentity(world, [before.root, before.admin, before.token, before.apiKey, late]);
    await expect(ask(authorizer, byKey(before.apiKey), before.asker)).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
    const oldKey = await ask(authorizer, byKey(before.apiKey), asker);
    expect(oldKey).toMatchObject(denied('ISSUED_BEFORE_RESTORE'));
    const oldToken = await ask(authorizer, byToken(before.token), asker);
    expect(oldToken).toMatchObject(denied('TOKEN_WRONG_EPOCH'));
    const lateToken = await ask(authorizer, byToken(late), asker);
    expect(lateToken).toMatchObject(denied('TOKEN_WRONG_EPOCH'));
    await newOnesWork(world, authorizer, { asker, stale: before.consistency });
    // A backup of the new epoch is as good as one of the old.
    const later = join(from.dataDir, 'later');
    await exportLedger({
      log: to.log,
      vault: to.vault,
      signer: signerOf(world, root),
      path: later,
    });
    const proved = await verifyFile(await openLedgerFile(later));
    expect(proved).toMatchObject({ findings: [], epoch: 2, missingBlobs: 0 });
    // Once more, as after a restore that was cut short: nothing is left to do.
    await world.close();
    const again = await serveIdentity(to, { reopen });
    expect(again.root).toBe('');
    await again.close();
    return [oldKey.reason, oldToken.reason];
  } finally {
    await authorizer.stop();
  }
}

async function refusedByIdentity(world: World, credentials: readonly string[]): Promise<void> {
  for (const credential of credentials) {
    await expect(world.call(Tenants.getTenant, {}, credential)).rejects.toMatchObject({
      code: status.UNAUTHENTICATED,
    });
  }
}

/** Password, role and grant are as they were; what they bring is new. */
async function newOnesWork(
  world: World,
  authorizer: AuthorizerClient,
  { asker, stale }: { readonly asker: string; readonly stale: string },
): Promise<void> {
  const token = await logIn(world, 'acme', 'ann', password);
  const admin = await logIn(world, 'acme', 'admin', 'wandering teapots hum');
  await expect(world.call(Tenants.getTenant, {}, admin)).resolves.toBeDefined();
  expect(await ask(authorizer, byToken(token), asker)).toMatchObject(allowed);
  const made = await world.call(Principals.createUser, { username: 'newest' }, admin);
  const consistency = made.result?.consistencyToken ?? '';
  expect(await ask(authorizer, byToken(token), asker, consistency)).toMatchObject(allowed);
  await expect(ask(authorizer, byToken(token), asker, stale)).rejects.toMatchObject({
    code: status.FAILED_PRECONDITION,
  });
}

export interface LedgerState {
  readonly end: number;
  readonly documents: string;
  readonly view: string;
}

/** The state in each of the places, between which the ledger travels in files. */
export async function statesOnTheWay(places: readonly Place[]): Promise<LedgerState[]> {
  const [first, ...others] = places;
  if (first === undefined) throw new Error('no place');
  const world = await serveIdentity(first, { bootstrap: true });
  const { root } = await issueEverything(world);
  const path = join(first.dataDir, 'export');
  let served = world;
  let from = first;
  const states: LedgerState[] = [];
  for (const to of [...others, undefined]) {
    const end = await from.log.end();
    states.push({ end, documents: await documentsHash(served, root), view: await viewHash(from) });
    if (to === undefined) break;
    const signer = signerOf(served, root);
    await exportLedger({
      log: from.log,
      vault: from.vault,
      signer,
      path: `${path}-${states.length}`,
    });
    await served.close();
    const file = await openLedgerFile(`${path}-${states.length}`);
    expect((await verifyFile(file)).findings).toEqual([]);
    await importLedger({ file, log: to.log, vault: to.vault });
    served = await serveIdentity(to);
    from = to;
  }
  await served.close();
  return states;
}

/** A ledger that moves while it is written to: nothing is lost, and whatever was issued stays good. */
export async function copyMovesTheLedger(from: Place, to: Place): Promise<Copied> {
  const old = await serveIdentity(from, { bootstrap: true });
  const before = await issueEverything(old);
  const written: string[] = [];
  const moved = new AbortController();
  // What was answered before the copy began, and whatever is answered while it runs.
  written.push('just-before');
  await setUpUser(old, before.admin, 'just-before');
  const writing = (async () => {
    for (let i = 0; !moved.signal.aborted; i++) {
      const name = `while-moving-${i}`;
      await setUpUser(old, before.admin, name).then(
        () => written.push(name),
        () => undefined,
      );
    }
  })();
  const copied = await copyLedger({ from: { ...from, macKeys }, to, successor: 'there' });
  moved.abort();
  await writing;
  await expect(setUpUser(old, before.admin, 'too-late')).rejects.toThrow('sealed');
  const path = join(from.dataDir, 'sealed');
  await exportLedger({ log: from.log, signer: signerOf(old, before.root), path });
  const proved = await verifyFile(await openLedgerFile(path));
  expect(proved).toMatchObject({ findings: [], sealedAt: copied.sealedAt });
  await old.close();
  expect(await to.log.end()).toBe(copied.sealedAt);
  for (let p = 0; p < copied.sealedAt; p++) {
    const [here, there] = [await from.log.read(p), await to.log.read(p)];
    expect(Buffer.compare(here?.value ?? Buffer.of(1), there?.value ?? Buffer.of(2))).toBe(0);
  }
  // Again, as after a copy that was cut short.
  const repeated = await copyLedger({ from: { ...from, macKeys }, to, successor: 'there' });
  expect(repeated.sealedAt).toBe(copied.sealedAt);
  const world = await serveIdentity(to);
  const authorizer = await serveAuthorizer(to);
  try {
    for (const name of written) {
      const request = { loginName: name };
      const { principal } = await world.call(Principals.getPrincipal, request, before.admin);
      expect(principal).toBeDefined();
    }
    expect(await ask(authorizer, byToken(before.token), before.asker)).toMatchObject(allowed);
    expect(await ask(authorizer, byKey(before.apiKey), before.asker)).toMatchObject(allowed);
    const { consistency } = before;
    const answer = await ask(authorizer, byKey(before.apiKey), before.asker, consistency);
    expect(answer).toMatchObject(allowed);
    await setUpUser(world, before.admin, 'goes-on');
    return copied;
  } finally {
    await authorizer.stop();
    await world.close();
  }
}
