import { Client, Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '#libs/grpc/connect.js';
import { systemClock } from '#libs/runtime/clock.js';
import { LedgerServiceService as Ledgers } from '#proto/ledgate/identity/v1/ledger.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { codeLoginsInWindow, triesPerLogin } from '#services/identity/app/login/counted-tries.js';
import { freeFailures } from '#services/identity/domain/attempts/throttle.js';
import {
  codeOf,
  enrolPasskey,
  enrolTotp,
  passwordLogin,
  startLoginWorld,
  totpLogin,
  type LoginWorld,
} from '../../support/identity/login-world.js';
import { temporaryFolder } from '../../support/identity/running-identity.js';
import { setUpTenant, setUpUser } from '../../support/identity/tenant-setup.js';

/** `GUESSES=long`: the numbers of the published bound. */
const long = process.env['GUESSES'] === 'long';
const passwordGuesses = long ? 100_000 : 1_500;
const codeGuesses = long ? 10_000 : 200;
const burst = 20;
const perMinute = 6;

const tenant = 'acme';
const password = 'seven slow harbours';
const folder = temporaryFolder();
let world: LoginWorld;
let client: Client;
let admin: string;

beforeAll(async () => {
  world = await startLoginWorld(folder.path, {
    trustedProxies: ['127.0.0.1'],
    loginsPerSource: { burst: 200, perSecond: 20 },
    guessesPerAccount: { burst, perMinute },
  });
  ({ admin } = await setUpTenant(world, tenant));
  const { address } = world.identity;
  client = connect(Client, { address, credentials: undefined, allowPlaintext: false });
});
afterAll(async () => {
  client.close();
  await world.close();
  folder.remove();
});

/** A call from anywhere in the world, as a trusted proxy reports it. */
function from(source: number, path: string, bytes: Buffer): Promise<status> {
  const metadata = new Metadata();
  const octets = [11 + (source >> 16), (source >> 8) & 255, source & 255];
  metadata.set('x-forwarded-for', [...octets, 7].join('.'));
  const same = (buffer: Buffer): Buffer => buffer;
  return new Promise((resolve) => {
    const done = (error: ServiceError | null): void => resolve(error?.code ?? status.OK);
    client.makeUnaryRequest(path, same, same, bytes, metadata, done);
  });
}

/** Many at once, as a botnet does it. How often each answer came. */
async function flood(
  count: number,
  guess: (at: number) => Promise<status>,
): Promise<ReadonlyMap<status, number>> {
  const answers = new Map<status, number>();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      next += 1;
      const code = await guess(next);
      answers.set(code, (answers.get(code) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  return answers;
}

async function sessionPosition(): Promise<number> {
  return Number((await world.call(Ledgers.appendBarrier, {}, admin)).sessionPosition);
}

function tell(what: string, compared: number, records: number): void {
  if (long) process.stdout.write(`guessing, ${what}: ${compared} looked at, ${records} records\n`);
}

/** Records since then, but for the barriers of asking: once a second and a half has brought none. */
async function recordsSince(before: number): Promise<number> {
  let [records, quiet] = [0, 0];
  for (let asked = 1; quiet < 6 || records === 0; asked += 1) {
    await new Promise((resolve) => void setTimeout(resolve, 300));
    const seen = (await sessionPosition()) - before - asked;
    quiet = seen === records ? quiet + 1 : 0;
    records = seen;
  }
  return records;
}

function startLogin(loginName: string, given: string): Buffer {
  const request = { tenant, loginName, password: given, deviceToken: '', deviceLabel: '' };
  return Buffer.from(Logins.startLogin.requestSerialize(request));
}

describe('guessing', { timeout: long ? 3_600_000 : 120_000 }, () => {
  it(`${passwordGuesses} passwords from as many sources stay within the bound`, async () => {
    const person = { tenant, loginName: 'ann', password };
    await setUpUser(world, admin, 'ann', password);
    const { deviceToken, sessionToken } = await passwordLogin(world, person);
    const { device } = await enrolPasskey(world, sessionToken);
    const before = await sessionPosition();
    const startMs = systemClock.monotonicMs();
    const { path } = Logins.startLogin;
    const flooding = flood(passwordGuesses, (at) =>
      from(at, path, startLogin('ann', `guess number ${at}`)),
    );
    // The owner comes by its device, and by its passkey, while that goes on.
    const known = await world.call(Logins.startLogin, { ...person, deviceToken });
    expect(known.step?.ticket).not.toBe('');
    const alone = await world.call(Logins.startPasskeyLogin, {});
    const { step } = await world.call(Logins.finishPasskeyLogin, {
      ticket: alone.ticket,
      tenant,
      passkeyJson: device.get(alone.passkeyOptionsJson),
    });
    expect(step?.done?.acr).toBe('urn:ledgate:acr:2');
    const answers = await flooding;
    const elapsedS = (systemClock.monotonicMs() - startMs) / 1000;
    const compared = answers.get(status.UNAUTHENTICATED) ?? 0;
    expect(compared).toBeLessThanOrEqual(burst + (elapsedS * perMinute) / 60 + 1);
    expect(compared).toBeGreaterThan(0);
    expect(compared + (answers.get(status.RESOURCE_EXHAUSTED) ?? 0)).toBe(passwordGuesses);
    // The session of the passkey and the barrier are no failures.
    const records = (await sessionPosition()) - before - 2;
    tell(`${passwordGuesses} passwords in ${elapsedS.toFixed(1)} s`, compared, records);
    expect(records).toBeLessThanOrEqual(elapsedS + 1);
    // A stranger with the right password is told nothing else now.
    const right = await from(9_999_999, path, startLogin('ann', password));
    expect([status.RESOURCE_EXHAUSTED, status.UNAUTHENTICATED]).toContain(right);
  });

  it('of a password is known to the ledger: strangers are braked in silence, and not for ever', async () => {
    const person = { tenant, loginName: 'cat', password };
    await setUpUser(world, admin, 'cat', password);
    const { deviceToken } = await passwordLogin(world, person);
    const { path } = Logins.startLogin;
    const before = await sessionPosition();
    // One after the other: on a busy machine the queue of hashes refuses many at once.
    for (let at = 1; at <= freeFailures + 6; at += 1) {
      const code = await from(at, path, startLogin('cat', `wrong ${at}`));
      expect(code).toBe(status.UNAUTHENTICATED);
    }
    expect(await recordsSince(before)).toBeGreaterThan(0);
    // How long it lasts hangs on how fast this machine guesses: back to where it surely does.
    world.later(-60_000);
    // As if it were wrong, or nobody had the name.
    expect(await from(77, path, startLogin('cat', password))).toBe(status.UNAUTHENTICATED);
    const { step } = await world.call(Logins.startLogin, { ...person, deviceToken });
    world.later(60_000);
    expect(step?.done?.acr).toBe('urn:ledgate:acr:1');
    // The owner was here: the failures are forgotten.
    expect(await from(78, path, startLogin('cat', password))).toBe(status.OK);
  });

  it('of names that nobody has appends nothing', async () => {
    const before = await sessionPosition();
    const { path } = Logins.startLogin;
    const answers = await flood(200, (at) =>
      from(at, path, startLogin(`nobody-${at % 20}`, 'some password')),
    );
    expect(answers.get(status.UNAUTHENTICATED)).toBeGreaterThan(0);
    expect((await sessionPosition()) - before).toBe(1);
  });

  it(`${codeGuesses} codes by whoever knows the password stay within the bound`, async () => {
    const person = { tenant, loginName: 'bob', password };
    await setUpUser(world, admin, 'bob', password);
    const { sessionToken } = await passwordLogin(world, person);
    const { seed } = await enrolTotp(world, sessionToken);
    const { deviceToken } = await totpLogin(world, person, seed);
    const tickets: string[] = [];
    for (let at = 0; at < 12; at += 1) {
      const { step } = await world.call(Logins.startLogin, person);
      tickets.push(step?.ticket ?? '');
    }
    const before = await sessionPosition();
    const { path } = Logins.answerFactor;
    const right = codeOf(world, seed);
    const wrong = (at: number): string => {
      const code = String(at % 1_000_000).padStart(6, '0');
      return code === right ? '999999' : code;
    };
    const flooding = flood(codeGuesses, (at) => {
      const request = {
        ticket: tickets[at % tickets.length] ?? '',
        answer: { answer: { $case: 'code' as const, value: wrong(at) } },
        credentialId: '',
        rememberDevice: false,
      };
      return from(at, path, Buffer.from(Logins.answerFactor.requestSerialize(request)));
    });
    const owner = await totpLogin(world, person, seed, { deviceToken });
    expect(owner.acr).toBe('urn:ledgate:acr:2');
    const answers = await flooding;
    const most = codeLoginsInWindow * triesPerLogin;
    expect(answers.get(status.UNAUTHENTICATED) ?? 0).toBeLessThanOrEqual(most);
    expect(answers.get(status.UNAUTHENTICATED) ?? 0).toBeGreaterThan(0);
    expect(answers.get(status.OK) ?? 0).toBe(0);
    // Each log-in and each try is one record, void ones of those who raced included; the owner's are 3.
    const records = (await sessionPosition()) - before;
    tell(`${codeGuesses} codes`, answers.get(status.UNAUTHENTICATED) ?? 0, records);
    expect(records).toBeLessThanOrEqual(8 * (codeLoginsInWindow + most) + 4);
  });
});
