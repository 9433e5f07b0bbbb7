import { FactorServiceService as Factors } from '#proto/ledgate/identity/v1/factor.js';
import { LoginServiceService as Logins } from '#proto/ledgate/identity/v1/login.js';
import { badIds, badTexts, id, type Row } from './bad-values.js';

const long = (most: number) => 'x'.repeat(most + 1);
const tickets = ['', long(8_192)];
const languages = ['1', 'de_DE', 'x'.repeat(40)];
const tenants = ['', long(64)];
const answer = { answer: { $case: 'code', value: '123456' } };
const badAnswers = [
  undefined,
  { answer: undefined },
  { answer: { $case: 'code', value: '' } },
  { answer: { $case: 'code', value: long(64) } },
  { answer: { $case: 'recoveryCode', value: '' } },
  { answer: { $case: 'passkeyJson', value: long(16_384) } },
  { answer: { $case: 'password', value: '' } },
];
const answers = badAnswers.map((value) => ({ value, path: pathOf(value) }));

function pathOf(value: (typeof badAnswers)[number]): string {
  const names = {
    code: 'answer.code',
    recoveryCode: 'answer.recovery_code',
    passkeyJson: 'answer.passkey_json',
    password: 'answer.password',
  } as const;
  const given = value?.answer?.$case as keyof typeof names | undefined;
  return given === undefined ? 'answer' : names[given];
}

const badAnswerRows: Row['bad'] = answers.map(
  ({ value, path }) => ['answer', [value], path] as const,
);

/** Logging in, and the factors that it is done with. */
export const loginRows: readonly Row[] = [
  {
    method: Logins.startLogin,
    base: { tenant: 'acme', loginName: 'ann', password: 'x' },
    bad: [
      ['tenant', tenants],
      ['loginName', ['', long(1024)], 'login_name'],
      ['password', ['', long(4096)]],
      ['deviceToken', [long(8_192)], 'device_token'],
      ['deviceLabel', [long(256)], 'device_label'],
    ],
  },
  {
    method: Logins.chooseFactor,
    base: { ticket: 'x', credentialId: id },
    bad: [
      ['ticket', tickets],
      ['credentialId', ['', ...badIds], 'credential_id'],
    ],
  },
  {
    method: Logins.answerFactor,
    base: { ticket: 'x', answer },
    bad: [
      ['ticket', tickets],
      ['credentialId', badIds, 'credential_id'],
      ...badAnswerRows,
      ['answer', [{ answer: { $case: 'password', value: 'x' } }]],
    ],
  },
  {
    method: Logins.startPasskeyLogin,
    base: {},
    bad: [['deviceLabel', [long(256)], 'device_label']],
  },
  {
    method: Logins.finishPasskeyLogin,
    base: { ticket: 'x', tenant: 'acme', passkeyJson: '{}' },
    bad: [
      ['ticket', tickets],
      ['tenant', tenants],
      ['passkeyJson', ['', long(16_384)], 'passkey_json'],
    ],
  },
  {
    method: Logins.startStepUp,
    base: { sessionToken: 'x' },
    bad: [['sessionToken', ['', long(256)], 'session_token']],
  },
  {
    method: Logins.stepUp,
    base: { sessionToken: 'x', ticket: 'x', answer },
    bad: [
      ['sessionToken', ['', long(256)], 'session_token'],
      ['ticket', tickets],
      ['credentialId', badIds, 'credential_id'],
      ...badAnswerRows,
    ],
  },
  {
    method: Logins.requestReset,
    base: { tenant: 'acme', loginName: 'ann' },
    bad: [
      ['tenant', tenants],
      ['loginName', ['', long(1024)], 'login_name'],
      ['language', languages],
    ],
  },
  {
    method: Logins.resetPassword,
    base: { token: 'x', newPassword: 'x' },
    bad: [
      ['token', tickets],
      ['newPassword', ['', long(4096)], 'new_password'],
    ],
  },
  {
    method: Logins.requestSignUp,
    base: { tenant: 'acme', email: 'ann@example.com' },
    bad: [
      ['tenant', tenants],
      ['email', ['', 'ann', 'a b@example.com', long(1024)]],
      ['language', languages],
    ],
  },
  {
    method: Logins.signUp,
    base: { token: 'x', password: 'x' },
    bad: [
      ['token', tickets],
      ['password', ['', long(4096)]],
      ['displayName', badTexts(128), 'display_name'],
    ],
  },
  {
    method: Factors.listFactors,
    base: {},
    bad: [['principalId', badIds, 'principal_id']],
  },
  {
    method: Factors.startTotp,
    base: {},
    bad: [
      ['loginTicket', [long(8_192)], 'login_ticket'],
      ['algorithm', ['MD5', 'sha1', 'SHA512']],
      ['digits', [1, 7, 9]],
    ],
  },
  {
    method: Factors.confirmTotp,
    base: { ticket: 'x', code: '123456' },
    bad: [
      ['ticket', tickets],
      ['code', ['', long(64)]],
      ['name', badTexts(64)],
    ],
  },
  {
    method: Factors.startPasskey,
    base: {},
    bad: [['loginTicket', [long(8_192)], 'login_ticket']],
  },
  {
    method: Factors.confirmPasskey,
    base: { ticket: 'x', passkeyJson: '{}' },
    bad: [
      ['ticket', tickets],
      ['passkeyJson', ['', long(16_384)], 'passkey_json'],
      ['name', badTexts(64)],
    ],
  },
  {
    method: Factors.startOtpChannel,
    base: { kind: 4, address: 'ann@example.com' },
    bad: [
      ['kind', [0, 1, 2, 5, 99]],
      ['address', ['', 'ann', long(320)]],
    ],
  },
  {
    method: Factors.confirmOtpChannel,
    base: { ticket: 'x', code: '123456' },
    bad: [
      ['ticket', tickets],
      ['code', ['', long(64)]],
      ['name', badTexts(64)],
    ],
  },
  {
    method: Factors.startNameVerification,
    base: { value: 'ann@example.com' },
    bad: [['value', ['', long(320)]]],
  },
  {
    method: Factors.confirmNameVerification,
    base: { ticket: 'x', code: '123456' },
    bad: [
      ['ticket', tickets],
      ['code', ['', long(64)]],
    ],
  },
  {
    method: Factors.removeFactor,
    base: { credentialId: id },
    bad: [['credentialId', ['', ...badIds], 'credential_id']],
  },
  {
    method: Factors.resetFactors,
    base: { principalId: id },
    bad: [['principalId', ['', ...badIds], 'principal_id']],
  },
];
