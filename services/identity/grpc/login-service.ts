import type {
  AnswerFactorRequest,
  ChooseFactorRequest,
  FinishPasskeyLoginRequest,
  LoginServiceServer,
  LoginStep,
  RequestResetRequest,
  RequestSignUpRequest,
  ResetPasswordRequest,
  SignUpRequest,
  StartLoginRequest,
  StartPasskeyLoginRequest,
  StartStepUpRequest,
  StepUpRequest,
} from '#proto/ledgate/identity/v1/login.js';
import { Failure } from '#libs/errors/failure.js';
import { executedEvent } from '#services/identity/app/executed-event.js';
import { requireFresh } from '#services/identity/app/identity-parts.js';
import { answerFactor, chooseFactor } from '#services/identity/app/login/answer-factor.js';
import { beginLogin } from '#services/identity/app/login/begin-login.js';
import { finishLogin } from '#services/identity/app/login/finish-login.js';
import {
  finishPasskeyLogin,
  startPasskeyLogin,
} from '#services/identity/app/login/passkey-login.js';
import { requestReset, resetPassword } from '#services/identity/app/login/reset-password.js';
import { requestSignUp, signUp } from '#services/identity/app/login/sign-up.js';
import { beginStepUp, stepUp } from '#services/identity/app/login/step-up.js';
import type { VerifiedLogin } from '#services/identity/app/login/verified-login.js';
import { findSession, type Session } from '#services/identity/app/sessions.js';
import { freeTextProblem } from '#services/identity/domain/names/free-text.js';
import {
  open,
  resultOf,
  type Admission,
  type OpenCall,
} from '#services/identity/grpc/admission.js';
import {
  answerField,
  choiceMessages,
  deviceTokenField,
  jsonField,
  labelField,
  loggedInMessage,
  passwordChoice,
  sourceOf,
  ticketField,
} from '#services/identity/grpc/login-fields.js';
import {
  languageField,
  loginNameField,
  typedNameField,
  typedPasswordField,
} from '#services/identity/grpc/name-fields.js';

export function loginService(admission: Admission): LoginServiceServer {
  return {
    startLogin: open(admission, start),
    chooseFactor: open(admission, choose),
    answerFactor: open(admission, answer),
    startPasskeyLogin: open(admission, startPasskey),
    finishPasskeyLogin: open(admission, finishPasskey),
    startStepUp: open(admission, startStepUp),
    stepUp: open(admission, finishStepUp),
    requestReset: open(admission, async (request: RequestResetRequest, call) =>
      askForReset(request, call),
    ),
    resetPassword: open(admission, reset),
    requestSignUp: open(admission, async (request: RequestSignUpRequest, call) =>
      askForSignUp(request, call),
    ),
    signUp: open(admission, register),
  };
}

const nothing: LoginStep = {
  done: undefined,
  ticket: '',
  factors: [],
  enrolmentRequired: false,
  mustChangePassword: false,
};

async function start(request: StartLoginRequest, call: OpenCall) {
  const { parts, fields, context } = call;
  const { tenant, loginName, password } = request;
  tenantField(call, tenant);
  typedNameField(call, 'login_name', loginName);
  typedPasswordField(call, 'password', password);
  const deviceToken = deviceTokenField(call, request.deviceToken);
  const label = labelField(call, request.deviceLabel);
  fields.check();
  const { source } = call;
  const { signal } = context;
  const stand = await beginLogin(parts, {
    tenant,
    loginName,
    password,
    source,
    deviceToken,
    label,
    signal,
  });
  if ('done' in stand) return { step: await finished(call, stand.done, false) };
  if ('mustChangePassword' in stand) return { step: { ...nothing, mustChangePassword: true } };
  const { ticket, factors, enrolmentRequired } = stand;
  return { step: { ...nothing, ticket, factors: choiceMessages(factors), enrolmentRequired } };
}

async function finished(
  call: OpenCall,
  login: VerifiedLogin,
  remember: boolean,
): Promise<LoginStep> {
  const done = await finishLogin(call.parts, login, { source: sourceOf(call), remember });
  return { ...nothing, done: loggedInMessage(done) };
}

async function choose(request: ChooseFactorRequest, call: OpenCall) {
  const ticket = ticketField(call, 'ticket', request.ticket);
  const credential = call.fields.id('credential_id', request.credentialId);
  call.fields.check();
  requireFresh(call.parts);
  const chosen = await chooseFactor(call.parts, ticket, credential);
  return { ticket: chosen.ticket, passkeyOptionsJson: chosen.passkeyOptions };
}

async function answer(request: AnswerFactorRequest, call: OpenCall) {
  const ticket = ticketField(call, 'ticket', request.ticket);
  const given = answerField(call, request.answer, request.credentialId);
  if (given.kind === 'PASSWORD') call.fields.add('answer', 'a password is no second factor');
  call.fields.check();
  requireFresh(call.parts);
  if (given.kind === 'PASSWORD') throw new Failure('INTERNAL', 'refused above');
  const login = await answerFactor(call.parts, ticket, given);
  return { step: await finished(call, login, request.rememberDevice) };
}

async function startPasskey(request: StartPasskeyLoginRequest, call: OpenCall) {
  const label = labelField(call, request.deviceLabel);
  call.fields.check();
  const { ticket, passkeyOptions } = await startPasskeyLogin(call.parts, label);
  return { ticket, passkeyOptionsJson: passkeyOptions };
}

async function finishPasskey(request: FinishPasskeyLoginRequest, call: OpenCall) {
  const ticket = ticketField(call, 'ticket', request.ticket);
  const json = jsonField(call, 'passkey_json', request.passkeyJson);
  const tenant = tenantField(call, request.tenant);
  call.fields.check();
  const login = await finishPasskeyLogin(call.parts, { ticket, tenant, json });
  return { step: await finished(call, login, false) };
}

async function startStepUp(request: StartStepUpRequest, call: OpenCall) {
  const session = await sessionField(call, request.sessionToken);
  const { ticket, factors } = beginStepUp(call.parts, session);
  const choices = factors.length === 0 ? [passwordChoice] : choiceMessages(factors);
  return { step: { ...nothing, ticket, factors: choices } };
}

async function finishStepUp(request: StepUpRequest, call: OpenCall) {
  const ticket = ticketField(call, 'ticket', request.ticket);
  const given = answerField(call, request.answer, request.credentialId);
  const session = await sessionField(call, request.sessionToken);
  const { source } = call;
  const { signal } = call.context;
  const stepped = await stepUp(call.parts, session, ticket, given, { source, signal });
  return { step: { ...nothing, done: loggedInMessage(stepped) } };
}

async function sessionField(call: OpenCall, token: string): Promise<Session> {
  if (token === '') call.fields.add('session_token', 'must not be empty');
  call.fields.bounded('session_token', token, 256);
  call.fields.check();
  requireFresh(call.parts);
  const session = await findSession(call.parts, token);
  if (session !== undefined) return session;
  throw new Failure('CREDENTIALS_REJECTED', 'the session has ended');
}

function askForReset(request: RequestResetRequest, call: OpenCall) {
  const { loginName } = request;
  const tenant = tenantField(call, request.tenant);
  typedNameField(call, 'login_name', loginName);
  const language = languageField(call, 'language', request.language);
  call.fields.check();
  requestReset(call.parts, { tenant, loginName, language, source: call.source });
  return {};
}

async function reset(request: ResetPasswordRequest, call: OpenCall) {
  const token = ticketField(call, 'token', request.token);
  const password = typedPasswordField(call, 'new_password', request.newPassword);
  call.fields.check();
  const { signal } = call.context;
  return { result: resultOf(await resetPassword(call.parts, token, password, signal)) };
}

function askForSignUp(request: RequestSignUpRequest, call: OpenCall) {
  const tenant = tenantField(call, request.tenant);
  const { canonical } = loginNameField(call, 'email', 'EMAIL', request.email);
  const language = languageField(call, 'language', request.language);
  call.fields.check();
  requestSignUp(call.parts, { tenant, email: canonical, language, source: call.source });
  return {};
}

async function register(request: SignUpRequest, call: OpenCall) {
  const token = ticketField(call, 'token', request.token);
  const password = typedPasswordField(call, 'password', request.password);
  const { displayName } = request;
  call.fields.add('display_name', freeTextProblem(displayName, 0, 128));
  call.fields.check();
  const { signal } = call.context;
  const executed = await signUp(call.parts, { token, displayName, password }, signal);
  const { principal } = executedEvent(executed.events, 'PrincipalRegistered');
  return { result: resultOf(executed), principalId: principal };
}

function tenantField(call: OpenCall, tenant: string): string {
  if (tenant === '') call.fields.add('tenant', 'must not be empty');
  return call.fields.bounded('tenant', tenant, 64);
}
