import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Failure } from '#libs/errors/failure.js';
import type { UsedProofs } from '#libs/events/catalogue.js';
import { documentsOf } from '#services/identity/app/accounts.js';
import { execute, type IdentityParts } from '#services/identity/app/identity-parts.js';
import { activeFactors } from '#services/identity/app/login/account-factors.js';
import { methodsOf, passkeyMethods, type Proof } from '#services/identity/app/login/assurance.js';
import { countTry, type CountedOn } from '#services/identity/app/login/counted-tries.js';
import type { Asked } from '#services/identity/app/login/login-ticket.js';
import { ownCall } from '#services/identity/app/session-standing.js';
import { readRecoveryCodes } from '#services/identity/app/factors/recovery-codes.js';
import type { Factor } from '#services/identity/domain/factor/state.js';
import { recoveryOf } from '#services/identity/domain/factor/state.js';

/** What somebody answers with. */
export type FactorAnswer =
  | { readonly kind: 'CODE'; readonly code: string; readonly credential: string }
  | { readonly kind: 'RECOVERY_CODE'; readonly code: string }
  | { readonly kind: 'PASSKEY'; readonly json: string };

/** A factor that was proved; `used` must go into the record of what follows. */
export interface ProvedFactor {
  readonly proof: Exclude<Proof, 'PASSWORD'>;
  readonly credential: string;
  readonly methods: readonly string[];
  readonly userVerified: boolean;
  readonly used: UsedProofs;
}

/** Whose factor is asked for, and what was made ready. */
export interface FactorQuestion extends CountedOn {
  readonly asked?: Asked | undefined;
}

/** One text for every wrong answer (ASVS 5.0: 6.3.8). */
export function factorRejected(): Failure {
  return new Failure('CREDENTIALS_REJECTED', 'the code is wrong, or has expired');
}

/**
 * Checks an answer. Codes are counted before they are looked at; a passkey cannot be guessed and is
 * not. Rejects CREDENTIALS_REJECTED, LIMIT_REACHED after 5 tries, TOO_MANY_REQUESTS when too many
 * log-ins of the account came to this point.
 */
export async function checkFactor(
  parts: IdentityParts,
  question: FactorQuestion,
  answer: FactorAnswer,
): Promise<ProvedFactor> {
  switch (answer.kind) {
    case 'PASSKEY':
      return checkPasskey(parts, question, answer.json);
    case 'RECOVERY_CODE':
      return checkRecoveryCode(parts, question, answer.code);
    case 'CODE': {
      const { asked } = question;
      const sent = asked?.challenge !== undefined;
      const meant = answer.credential === '' || answer.credential === asked?.credential;
      return sent && meant
        ? checkSentCode(parts, question, asked.credential, asked.challenge, answer.code)
        : checkTotp(parts, question, answer);
    }
  }
}

async function checkTotp(
  parts: IdentityParts,
  question: FactorQuestion,
  { code, credential }: { readonly code: string; readonly credential: string },
): Promise<ProvedFactor> {
  const { tenant, principal } = question;
  const apps = factorsOf(parts, question).filter(({ facts }) => facts.kind === 'TOTP');
  const [app, ...more] = apps.filter((one) => credential === '' || one.credential === credential);
  await countTry(parts, question);
  // Each app that a code might be of makes it easier to guess: which one must be said.
  if (app === undefined || more.length > 0) throw factorRejected();
  const { facts } = app;
  if (facts.kind !== 'TOTP') throw factorRejected();
  const owner = { class: 'SECRET', tenant, principal } as const;
  const seed = await parts.secrets.open(facts.seed, owner);
  const nowMs = parts.clock.wallMs();
  const step = seed && parts.proofs.totp.stepOf(seed, facts, code, nowMs);
  if (step === undefined || step <= facts.firstStep) throw factorRejected();
  return {
    proof: 'TOTP',
    credential: app.credential,
    methods: methodsOf('TOTP'),
    userVerified: false,
    used: { challenge: question.countOn, totp: { credential: app.credential, step } },
  };
}

async function checkSentCode(
  parts: IdentityParts,
  question: FactorQuestion,
  credential: string,
  challenge: string,
  code: string,
): Promise<ProvedFactor> {
  const factor = factorsOf(parts, question).find((one) => one.credential === credential);
  const answerHash = await countTry(parts, { ...question, countOn: challenge, issued: true });
  const proof = factor?.facts.kind;
  const right = equalTexts(parts.proofs.codes.hash(challenge, code), answerHash);
  if (!right || (proof !== 'SMS' && proof !== 'EMAIL')) throw factorRejected();
  const methods = methodsOf(proof);
  return { proof, credential, methods, userVerified: false, used: { challenge } };
}

/** Burnt first, whatever comes after. */
async function checkRecoveryCode(
  parts: IdentityParts,
  question: FactorQuestion,
  typed: string,
): Promise<ProvedFactor> {
  const { tenant, principal } = question;
  await countTry(parts, question);
  const document = recoveryOf.read(documentsOf(parts.ledger.state), tenant, principal);
  const codes = document && (await readRecoveryCodes(parts, question, document));
  if (document === undefined || codes === undefined) throw factorRejected();
  const given = createHmac('sha256', codes.key).update(spelt(typed), 'utf8').digest('base64url');
  const index = codes.hashes.findIndex((hash) => equalTexts(hash, given));
  if (index < 0) throw factorRejected();
  const { generation, credential } = document;
  await execute(parts, ownCall(question, { reason: 'recovery code' }), {
    type: 'ConsumeRecoveryCode',
    principal,
    generation,
    index,
  });
  return {
    proof: 'RECOVERY_CODE',
    credential,
    methods: methodsOf('RECOVERY_CODE'),
    userVerified: false,
    used: { challenge: question.countOn, recovery: { credential, generation, index } },
  };
}

/** As people type: spaces and capitals do not matter, nor letters that look like digits. */
function spelt(typed: string): string {
  const folded = typed.normalize('NFKC').toLowerCase().replaceAll(/[\s-]/gu, '');
  return folded.replaceAll('o', '0').replaceAll(/[il]/gu, '1');
}

async function checkPasskey(
  parts: IdentityParts,
  question: FactorQuestion,
  json: string,
): Promise<ProvedFactor> {
  const nonce = question.asked?.nonce;
  const claimed = parts.proofs.passkeys.claimed(json);
  const factor = factorsOf(parts, question).find(
    ({ facts }) => facts.kind === 'PASSKEY' && facts.webauthnId === claimed?.webauthnId,
  );
  if (nonce === undefined || factor === undefined) throw factorRejected();
  return provePasskey(parts, question, factor, nonce, json);
}

/** Verifies what a known passkey signed. The counter is compared where it is kept, in ledger S. */
export async function provePasskey(
  parts: IdentityParts,
  { tenant }: { readonly tenant: string },
  { credential, facts }: Factor,
  nonce: string,
  json: string,
): Promise<ProvedFactor> {
  if (facts.kind !== 'PASSKEY') throw factorRejected();
  const challenge = Buffer.from(nonce, 'base64url');
  const verified = await parts.proofs.passkeys.verifyAssertion(json, challenge, facts);
  if (verified === undefined) throw factorRejected();
  const { signCount: count, userVerified } = verified;
  const id = createHash('sha256').update(`${tenant}\0${nonce}`, 'utf8').digest('base64url');
  return {
    proof: 'PASSKEY',
    credential,
    methods: passkeyMethods(facts.backupEligible, userVerified),
    userVerified,
    used: { challenge: id, passkey: { credential, count } },
  };
}

function factorsOf(parts: IdentityParts, { tenant, principal }: FactorQuestion): readonly Factor[] {
  return activeFactors(documentsOf(parts.ledger.state), tenant, principal);
}

function equalTexts(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, 'utf8'), Buffer.from(other, 'utf8')];
  return a.length === b.length && timingSafeEqual(a, b);
}
