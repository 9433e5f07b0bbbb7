import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type ClientConstructor } from '#libs/grpc/connect.js';
import {
  AuthorizerServiceClient,
  Decision,
  type AuthorizeRequest,
  type AuthorizeResponse,
  type EventRef,
} from '#proto/ledgate/authorizer/v1/authorizer.js';
import { LedgerServiceClient } from '#proto/ledgate/identity/v1/ledger.js';
import { GrantServiceClient } from '#proto/ledgate/identity/v1/grant.js';
import { PrincipalServiceClient } from '#proto/ledgate/identity/v1/principal.js';
import { TokenServiceClient } from '#proto/ledgate/identity/v1/token.js';
import { TimeMachineServiceClient } from '#proto/ledgate/operator/v1/time_machine.js';
import { ask, type GrpcClient } from './cli/ask.js';
import { createDemo, demoSlug, type Demo } from './operate/demo.js';
import { freeAddress, ServiceProcess } from './operate/service-process.js';

/**
 * `npm run tour`: the whole line once, against the real API of a Ledgate in a process of its own,
 * from a grant to a decision to its revocation to a kill -9. Ends with exit code 0 when everything
 * went as it should.
 */
const dataDir = mkdtempSync(join(tmpdir(), 'ledgate-tour-'));
const [identity, authorizer] = [await freeAddress(), await freeAddress()];
const service = new ServiceProcess(dataDir, {
  LEDGATE_IDENTITY_ADDR: identity,
  LEDGATE_AUTHORIZER_ADDR: authorizer,
});
const open: GrpcClient[] = [];

try {
  await tour();
} finally {
  for (const client of open) client.close();
  await service.kill();
  rmSync(dataDir, { recursive: true, force: true });
}

async function tour(): Promise<void> {
  say(1, 'Start identity and authorizer on an embedded log');
  await service.start();
  const system = readFileSync(join(dataDir, 'bootstrap-api-key'), 'utf8').trim();

  say(2, 'Create a tenant, a user, a role, a grant and API keys');
  const demo = await createDemo((client) => as(system, client));
  note(`tenant ${demo.tenantId}; alice is a clerk of projects/acme`);

  say(3, 'Alice logs in; her token carries the ledger position of her login');
  const token = await login(demo);
  note(`claims: ${Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()}`);

  say(4, 'A backend asks the authorizer');
  const backend = as(demo.backendKey, AuthorizerServiceClient);
  const question = may(token);
  const before = await ask(backend, 'authorize', question);
  expectDecision(before.decision, Decision.DECISION_ALLOW);
  note(`orders:read on projects/acme/orders/17 → ALLOW at position ${before.answered?.position}`);
  await explain(backend, question);

  say(5, 'An administrator revokes the grant');
  await revoke(demo, backend, question);
  await explain(backend, question);

  say(6, 'kill -9, and start again on what the disk holds');
  const live = await stateHashes(system);
  await service.kill();
  await service.start();
  const after = await ask(backend, 'authorize', question, { waitForReady: true });
  expectDecision(after.decision, Decision.DECISION_DENY);
  const replayed = await stateHashes(system);
  if (replayed !== live) throw new Error(`state differs after the restart:\n${live}\n${replayed}`);
  note(`the same answer, and the same state:\n  ${replayed.replace('\n', '\n  ')}`);

  say(7, 'Ask the past: the question of before, at its position');
  await askThePast(demo, before);
  process.stdout.write('\nThe tour went as it should.\n');
}

async function login({ tenantId, alicePassword }: Demo): Promise<string> {
  const tokens = as(undefined, TokenServiceClient);
  const login = { tenant: demoSlug, loginName: 'alice', audience: '', scopes: [] };
  const answer = await ask(tokens, 'login', { ...login, password: alicePassword });
  note(`principal ${answer.principalId} of tenant ${tenantId}`);
  return answer.accessToken;
}

function may(token: string): AuthorizeRequest {
  return {
    who: { $case: 'credential', value: { credential: { $case: 'bearerToken', value: token } } },
    action: 'orders:read',
    resource: 'projects/acme/orders/17',
    consistency: undefined,
  };
}

/** Asks as fast as it can until the answer is DENY. */
async function revoke(
  demo: Demo,
  backend: AuthorizerServiceClient,
  question: AuthorizeRequest,
): Promise<void> {
  const { tenantId } = demo;
  const principals = as(demo.adminKey, PrincipalServiceClient);
  const about = { tenantId, principalId: '', loginName: 'alice' };
  const { principal } = await ask(principals, 'getPrincipal', about);
  const principalId = principal?.principalId ?? '';
  const grants = as(demo.adminKey, GrantServiceClient);
  const list = await ask(grants, 'listGrants', {
    tenantId,
    principalId,
    groupId: '',
    page: undefined,
  });
  const grantId = list.grants[0]?.grantId ?? '';
  const options = { commandId: '', reason: 'moved to another project' };
  const called = performance.now();
  await ask(grants, 'revokeGrant', { options, tenantId, grantId });
  const answered = performance.now();
  for (let asked = 1; ; asked++) {
    const { decision, answered: at } = await ask(backend, 'authorize', question);
    if (decision === Decision.DECISION_ALLOW && asked < 1_000) continue;
    expectDecision(decision, Decision.DECISION_DENY);
    const now = performance.now();
    note(
      `DENY at position ${at?.position}, ${(now - called).toFixed(1)} ms after the call of the ` +
        `revocation, ${(now - answered).toFixed(1)} ms after its answer (question ${asked})`,
    );
    return;
  }
}

async function explain(
  backend: AuthorizerServiceClient,
  question: AuthorizeRequest,
): Promise<void> {
  const explained = await ask(backend, 'explain', question);
  note(`because: ${explained.summary}`);
  for (const path of explained.paths) {
    if (path.missing !== '') note(`nearest: role ${path.roleName}, missing: ${path.missing}`);
    for (const event of path.events) note(`  ${eventText(event)}`);
  }
  for (const event of explained.events) note(`  ${eventText(event)}`);
}

function eventText(event: EventRef): string {
  const who = event.actorPrincipalId === '' ? 'the system' : event.actorPrincipalId;
  const why = event.reason === '' ? '' : ` ("${event.reason}")`;
  return `@${event.position} ${event.type} by ${who}${why}`;
}

async function askThePast(demo: Demo, before: AuthorizeResponse): Promise<void> {
  const { tenantId, principalId, answered } = before;
  const at = { position: answered?.position ?? 0n, atMs: undefined };
  const about = {
    tenantId,
    principalId,
    action: 'orders:read',
    resource: 'projects/acme/orders/17',
  };
  const past = as(demo.adminKey, TimeMachineServiceClient);
  const { answer, summary } = await ask(past, 'explainAt', { ...about, at });
  expectDecision(answer?.decision ?? Decision.DECISION_UNSPECIFIED, Decision.DECISION_ALLOW);
  note(`at position ${at.position}: ${summary}`);
  const { changes } = await ask(past, 'diff', {
    tenantId,
    principalId,
    from: at,
    to: undefined,
    page: undefined,
  });
  for (const { permission, resourcePrefix, events } of changes) {
    note(`since then lost: ${permission} on ${resourcePrefix}`);
    for (const event of events) note(`  ${eventText(event)}`);
  }
  if (changes.length !== 1) throw new Error(`expected one change, got ${changes.length}`);
}

async function stateHashes(system: string): Promise<string> {
  const request = { stateHash: true };
  const patient = { waitForReady: true };
  const one = await ask(as(system, LedgerServiceClient), 'getStatus', request, patient);
  const two = await ask(as(system, AuthorizerServiceClient), 'getStatus', request, patient);
  return `identity   ${one.stateHash}\nauthorizer ${two.stateHash}`;
}

function as<C extends GrpcClient>(bearer: string | undefined, client: ClientConstructor<C>): C {
  const forAuthorizer = (client as unknown) === AuthorizerServiceClient;
  const address = forAuthorizer ? authorizer : identity;
  const credential = bearer === undefined ? {} : { bearer };
  const connection = { address, credentials: undefined, allowPlaintext: false, ...credential };
  const made = connect(client, connection);
  open.push(made);
  return made;
}

function expectDecision(actual: Decision, expected: Decision): void {
  if (actual !== expected) throw new Error(`expected decision ${expected}, got ${actual}`);
}

function say(step: number, text: string): void {
  process.stdout.write(`\n${step}. ${text}\n`);
}

function note(text: string): void {
  process.stdout.write(`   ${text}\n`);
}
