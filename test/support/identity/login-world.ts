import { generateSync } from 'otplib';
import { vi } from 'vitest';
import type { OutboxMessage } from '#services/identity/adapters/delivery/dev-outbox.js';
import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import { LoginServiceService as Logins, type LoggedIn } from '#proto/ledgate/identity/v1/login.js';
import type { IdentityConfig } from '#services/identity/config.js';
import type { IdentityInjection } from '#services/identity/main.js';
import type { MessageKind } from '#services/identity/ports/delivery.js';
import { ShiftedClock } from './shifted-clock.js';
import { SoftAuthenticator } from './soft-authenticator.js';
import { startWorld, testConfig, type World } from './running-identity.js';

export const origin = 'https://ledgate.test';

/** A running identity whose wall clock a test moves, and whose messages it reads. */
export interface LoginWorld extends World {
  readonly clock: ShiftedClock;
  /** Those that nobody has asked for yet. */
  readonly messages: OutboxMessage[];
  /** The next message to somebody; what is sent is sent after the answer. */
  messageTo(address: string, kind: MessageKind): Promise<OutboxMessage>;
  /** Moves on, so that codes of an authenticator app are of another time step. */
  later(ms?: number): void;
}

export async function startLoginWorld(
  dataDir: string,
  change: Partial<IdentityConfig> = {},
  founding: Pick<IdentityInjection, 'bootstrap'> = {},
): Promise<LoginWorld> {
  const clock = new ShiftedClock();
  const messages: OutboxMessage[] = [];
  const config = testConfig(dataDir, { delivery: { outbox: true }, ...change });
  const world = await startWorld(config, {
    ...founding,
    clock,
    onOutbox: (message) => void messages.push(message),
  });
  const later = (ms = 30_000): void => clock.shift(ms);
  const messageTo = (address: string, kind: MessageKind): Promise<OutboxMessage> =>
    vi.waitFor(() => {
      const at = messages.findIndex((one) => one.to === address && one.kind === kind);
      const [message] = at < 0 ? [] : messages.splice(at, 1);
      if (message === undefined) throw new Error('no message has come');
      return message;
    });
  return { ...world, clock, messages, messageTo, later };
}

export function codeOf(world: LoginWorld, seed: string): string {
  return generateSync({ secret: seed, epoch: Math.floor(world.clock.wallMs() / 1000) });
}

export interface Person {
  readonly tenant: string;
  readonly loginName: string;
  readonly password: string;
}

/** Logs in with the password alone; the account must need no more. */
export async function passwordLogin(world: World, person: Person): Promise<LoggedIn> {
  const { step } = await world.call(Logins.startLogin, person);
  if (step?.done === undefined) throw new Error('the log-in is not finished');
  return step.done;
}

/** Enrols an authenticator app and answers with its seed. */
export async function enrolTotp(
  world: LoginWorld,
  session: string,
): Promise<{ readonly seed: string; readonly credentialId: string }> {
  const { ticket, seed } = await world.call(Factors.startTotp, {}, session);
  const confirm = { ticket, code: codeOf(world, seed) };
  const { enrolled } = await world.call(Factors.confirmTotp, confirm, session);
  world.later();
  return { seed, credentialId: enrolled?.credentialId ?? '' };
}

/** Registers a passkey on a new device. */
export async function enrolPasskey(
  world: World,
  session: string,
): Promise<{ readonly device: SoftAuthenticator; readonly credentialId: string }> {
  const device = new SoftAuthenticator(origin);
  const { ticket, passkeyOptionsJson } = await world.call(Factors.startPasskey, {}, session);
  const confirm = { ticket, passkeyJson: device.create(passkeyOptionsJson) };
  const { enrolled } = await world.call(Factors.confirmPasskey, confirm, session);
  return { device, credentialId: enrolled?.credentialId ?? '' };
}

/** Password, then a code of the authenticator app. */
export async function totpLogin(
  world: LoginWorld,
  person: Person,
  seed: string,
  rest: { readonly rememberDevice?: boolean; readonly deviceToken?: string } = {},
): Promise<LoggedIn> {
  const { deviceToken = '', rememberDevice = false } = rest;
  const { step } = await world.call(Logins.startLogin, { ...person, deviceToken });
  if (step?.done !== undefined) return step.done;
  const answered = await world.call(Logins.answerFactor, {
    ticket: step?.ticket ?? '',
    answer: { answer: { $case: 'code', value: codeOf(world, seed) } },
    rememberDevice,
  });
  world.later();
  if (answered.step?.done === undefined) throw new Error('the log-in is not finished');
  return answered.step.done;
}
