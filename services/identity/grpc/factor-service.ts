import { callerCredential } from '#libs/grpc/caller-credential.js';
import { FactorKind } from '#proto/ledgate/identity/v1/login.js';
import type {
  ConfirmNameVerificationRequest,
  ConfirmOtpChannelRequest,
  ConfirmPasskeyRequest,
  ConfirmTotpRequest,
  EnrolledFactor,
  FactorServiceServer,
  GenerateRecoveryCodesRequest,
  ListFactorsRequest,
  ListFactorsResponse,
  RemoveFactorRequest,
  ResetFactorsRequest,
  StartNameVerificationRequest,
  StartOtpChannelRequest,
  StartPasskeyRequest,
  StartTotpRequest,
} from '#proto/ledgate/identity/v1/factor.js';
import { enrolled } from '#services/identity/app/factors/enrolled.js';
import {
  addressProblem,
  confirmOtpChannel,
  startOtpChannel,
} from '#services/identity/app/factors/enrol-otp-channel.js';
import { confirmPasskey, startPasskey } from '#services/identity/app/factors/enrol-passkey.js';
import { confirmTotp, startTotp } from '#services/identity/app/factors/enrol-totp.js';
import { factorOwner, type FactorOwner } from '#services/identity/app/factors/factor-owner.js';
import { listFactors, removeFactor } from '#services/identity/app/factors/own-factors.js';
import { generateRecoveryCodes } from '#services/identity/app/factors/recovery-codes.js';
import {
  confirmNameVerification,
  startNameVerification,
} from '#services/identity/app/factors/verify-name.js';
import type { Executed } from '#services/identity/app/identity-parts.js';
import { finishLogin } from '#services/identity/app/login/finish-login.js';
import { noticeTo } from '#services/identity/app/login/security-notice.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import {
  admitted,
  open,
  resultOf,
  type Admission,
  type AdmittedCall,
  type OpenCall,
} from '#services/identity/grpc/admission.js';
import {
  codeField,
  jsonField,
  loggedInMessage,
  sourceOf,
  ticketField,
} from '#services/identity/grpc/login-fields.js';
import { factorKindNumber } from '#services/identity/grpc/tenant-settings.js';
import { defaultTotpForm, type TotpForm } from '#services/identity/ports/totp.js';

const channels = new Map<number, 'SMS' | 'EMAIL'>([
  [FactorKind.FACTOR_KIND_SMS, 'SMS'],
  [FactorKind.FACTOR_KIND_EMAIL, 'EMAIL'],
]);

export function factorService(admission: Admission): FactorServiceServer {
  return {
    listFactors: admitted(admission, async (request: ListFactorsRequest, call) =>
      list(request, call),
    ),
    startTotp: open(admission, beginTotp),
    confirmTotp: open(admission, endTotp),
    startPasskey: open(admission, beginPasskey),
    confirmPasskey: open(admission, endPasskey),
    startOtpChannel: open(admission, beginChannel),
    confirmOtpChannel: open(admission, endChannel),
    startNameVerification: open(admission, beginName),
    confirmNameVerification: open(admission, endName),
    generateRecoveryCodes: open(admission, generate),
    removeFactor: open(admission, remove),
    resetFactors: admitted(admission, reset),
  };
}

function list(request: ListFactorsRequest, call: AdmittedCall): ListFactorsResponse {
  const tenant = call.tenantOf(request.tenantId);
  const { principalId } = request;
  const principal = call.fields.optionalId('principal_id', principalId) ?? call.caller.principal;
  call.permitRead({ tenant, principal });
  const { factors, recoveryCodes, required } = listFactors(call.parts, tenant, principal);
  return {
    factors: factors.map(({ credential, name, status, facts }) => ({
      kind: factorKindNumber(facts.kind),
      credentialId: credential,
      name,
      createdAtMs: BigInt(facts.createdAtMs),
      status,
    })),
    recoveryCodes,
    required,
  };
}

async function beginTotp(request: StartTotpRequest, call: OpenCall) {
  const form = totpFormField(request, call);
  const owner = await ownerOf(call, request.loginTicket);
  const offer = await startTotp(call.parts, owner, form);
  return { ticket: offer.ticket, uri: offer.uri, seed: offer.typed, qrSvg: offer.svg };
}

function totpFormField({ algorithm, digits }: StartTotpRequest, { fields }: OpenCall): TotpForm {
  const { algorithm: usual, digits: usually, periodSeconds } = defaultTotpForm;
  const named = algorithm === '' ? usual : algorithm;
  if (named !== 'SHA1' && named !== 'SHA256') fields.add('algorithm', 'must be SHA1 or SHA256');
  const count = digits === 0 ? usually : digits;
  if (count !== 6 && count !== 8) fields.add('digits', 'must be 6 or 8');
  return { algorithm: named === 'SHA256' ? 'SHA256' : 'SHA1', digits: count, periodSeconds };
}

async function endTotp(request: ConfirmTotpRequest, call: OpenCall) {
  const ticket = ticketField(call, 'ticket', request.ticket);
  const code = codeField(call, 'code', request.code);
  const name = nameField(call, request.name, 'Authenticator app');
  const owner = await ownerOf(call, request.loginTicket);
  const executed = await confirmTotp(call.parts, owner, { ticket, code, name });
  return { enrolled: await added(call, owner, executed) };
}

async function beginPasskey(request: StartPasskeyRequest, call: OpenCall) {
  const owner = await ownerOf(call, request.loginTicket);
  const { ticket, passkeyOptions } = await startPasskey(call.parts, owner);
  return { ticket, passkeyOptionsJson: passkeyOptions };
}

async function endPasskey(request: ConfirmPasskeyRequest, call: OpenCall) {
  const ticket = ticketField(call, 'ticket', request.ticket);
  const json = jsonField(call, 'passkey_json', request.passkeyJson);
  const name = nameField(call, request.name, 'Passkey');
  const owner = await ownerOf(call, request.loginTicket);
  const executed = await confirmPasskey(call.parts, owner, { ticket, json, name });
  return { enrolled: await added(call, owner, executed) };
}

async function beginChannel(request: StartOtpChannelRequest, call: OpenCall) {
  const channel = call.fields.choice('kind', request.kind, channels, 'SMS');
  const address = call.fields.bounded('address', request.address, 320);
  call.fields.add('address', addressProblem(channel, address.slice(0, 320)));
  const owner = await ownerOf(call, request.loginTicket);
  return startOtpChannel(call.parts, owner, channel, address);
}

async function endChannel(request: ConfirmOtpChannelRequest, call: OpenCall) {
  const ticket = ticketField(call, 'ticket', request.ticket);
  const code = codeField(call, 'code', request.code);
  const name = nameField(call, request.name, 'Messages');
  const owner = await ownerOf(call, request.loginTicket);
  const executed = await confirmOtpChannel(call.parts, owner, { ticket, code, name });
  return { enrolled: await added(call, owner, executed) };
}

async function generate(_: GenerateRecoveryCodesRequest, call: OpenCall) {
  const owner = await ownerOf(call, '');
  const { principal } = owner;
  const command = owner.call('recovery codes');
  const { codes, executed } = await generateRecoveryCodes(call.parts, command, principal);
  noticeTo(call.parts, owner, 'RECOVERY_CODES_MADE');
  return { result: resultOf(executed), codes: [...codes] };
}

async function beginName({ value }: StartNameVerificationRequest, call: OpenCall) {
  call.fields.text('value', value, 1, 320);
  return startNameVerification(call.parts, await ownerOf(call, ''), value);
}

async function endName(request: ConfirmNameVerificationRequest, call: OpenCall) {
  const ticket = ticketField(call, 'ticket', request.ticket);
  const code = codeField(call, 'code', request.code);
  const owner = await ownerOf(call, '');
  const executed = await confirmNameVerification(call.parts, owner, { ticket, code });
  return { result: resultOf(executed) };
}

async function remove(request: RemoveFactorRequest, call: OpenCall) {
  const credential = call.fields.id('credential_id', request.credentialId);
  const owner = await ownerOf(call, '');
  return { result: resultOf(await removeFactor(call.parts, owner, credential)) };
}

async function reset(request: ResetFactorsRequest, call: AdmittedCall) {
  const head = call.fields.head(request.options);
  const tenant = call.tenantOf(request.tenantId);
  const principal = call.fields.id('principal_id', request.principalId);
  // Whoever resets the factors of somebody and knows the password is that somebody.
  const guard = (): void => call.guard.mayImpersonate(call.caller, tenant, principal);
  const command = { type: 'ResetFactors', principal } as const;
  const executed = await call.run({ tenant, principal }, head, command, guard);
  noticeTo(call.parts, { tenant, principal }, 'FACTOR_REMOVED');
  return { result: resultOf(executed) };
}

/** Refuses what was malformed first. The caller's credential is the token of its session. */
function ownerOf(call: OpenCall, loginTicket: string): Promise<FactorOwner> {
  call.fields.bounded('login_ticket', loginTicket, 8_192);
  call.fields.check();
  const sessionToken = callerCredential(call.context.metadata) ?? '';
  return factorOwner(call.parts, { sessionToken, loginTicket });
}

function nameField(call: OpenCall, name: string, usual: string): string {
  const given = name === '' ? usual : name;
  call.fields.add('name', freeTextProblem(given, 1, 64));
  return given;
}

/** Where a log-in demanded the factor, it is finished by it. */
async function added(
  call: OpenCall,
  owner: FactorOwner,
  executed: Executed,
): Promise<EnrolledFactor> {
  const { credential, login } = enrolled(owner, executed);
  noticeTo(call.parts, owner, 'FACTOR_ADDED');
  const result = resultOf(executed);
  if (login === undefined) return { result, credentialId: credential, done: undefined };
  const done = await finishLogin(call.parts, login, { source: sourceOf(call), remember: false });
  return { result, credentialId: credential, done: loggedInMessage(done) };
}
