import type {
  FactorAnswer as AnswerMessage,
  FactorChoice,
  LoggedIn,
} from '#proto/ledgate/identity/v1/login.js';
import { FactorKind } from '#proto/ledgate/identity/v1/login.js';
import type { FactorChoice as Choice } from '#services/identity/app/login/account-factors.js';
import type { FinishedLogin } from '#services/identity/app/login/finish-login.js';
import type { StepUpAnswer } from '#services/identity/app/login/step-up.js';
import type { StartedSession } from '#services/identity/app/sessions.js';
import type { SessionSource } from '#services/identity/ports/session-secrets.js';
import type { OpenCall } from '#services/identity/grpc/admission.js';
import { factorKindNumber } from '#services/identity/grpc/tenant-settings.js';

/** Longest code, ticket and passkey answer that are even looked at, in UTF-16 units. */
const LONGEST_CODE = 64;
const LONGEST_TICKET = 8_192;
const LONGEST_JSON = 16_384;
const LONGEST_PASSWORD = 4_096;
const LONGEST_LABEL = 256;

export function ticketField(call: OpenCall, field: string, text: string): string {
  if (text === '') call.fields.add(field, 'must not be empty');
  return call.fields.bounded(field, text, LONGEST_TICKET);
}

export function deviceTokenField(call: OpenCall, text: string): string {
  return call.fields.bounded('device_token', text, LONGEST_TICKET);
}

export function labelField(call: OpenCall, text: string): string {
  return call.fields.bounded('device_label', text, LONGEST_LABEL);
}

export function codeField(call: OpenCall, field: string, text: string): string {
  if (text === '') call.fields.add(field, 'must not be empty');
  // As people copy it out of a message: "123 456".
  return call.fields.bounded(field, text, LONGEST_CODE).replaceAll(/\s/gu, '');
}

export function jsonField(call: OpenCall, field: string, text: string): string {
  if (text === '') call.fields.add(field, 'must not be empty');
  return call.fields.bounded(field, text, LONGEST_JSON);
}

/** Exactly one answer; throws with every problem. */
export function answerField(
  call: OpenCall,
  message: AnswerMessage | undefined,
  credentialId: string,
): StepUpAnswer {
  const { fields } = call;
  const credential = fields.optionalId('credential_id', credentialId) ?? '';
  const answer = message?.answer;
  switch (answer?.$case) {
    case 'code':
      return checked({
        kind: 'CODE',
        code: codeField(call, 'answer.code', answer.value),
        credential,
      });
    case 'recoveryCode': {
      const code = codeField(call, 'answer.recovery_code', answer.value);
      return checked({ kind: 'RECOVERY_CODE', code });
    }
    case 'passkeyJson':
      return checked({
        kind: 'PASSKEY',
        json: jsonField(call, 'answer.passkey_json', answer.value),
      });
    case 'password': {
      if (answer.value === '') fields.add('answer.password', 'must not be empty');
      const password = fields.bounded('answer.password', answer.value, LONGEST_PASSWORD);
      return checked({ kind: 'PASSWORD', password });
    }
    case undefined:
      fields.add('answer', 'must be set');
      return checked({ kind: 'RECOVERY_CODE', code: '' });
  }

  function checked(given: StepUpAnswer): StepUpAnswer {
    fields.check();
    return given;
  }
}

export function choiceMessages(choices: readonly Choice[]): FactorChoice[] {
  return choices.map(({ kind, credential, name }) => ({
    kind: factorKindNumber(kind),
    credentialId: credential,
    name,
  }));
}

/** What is asked for where an account has nothing but its password. */
export const passwordChoice: FactorChoice = {
  kind: FactorKind.FACTOR_KIND_PASSWORD,
  credentialId: '',
  name: '',
};

export function loggedInMessage(
  finished: StartedSession & Partial<Pick<FinishedLogin, 'deviceToken'>>,
): LoggedIn {
  const { session, sessionToken, consistencyToken, deviceToken = '' } = finished;
  return {
    tenantId: session.tenant,
    principalId: session.principal,
    sessionId: session.session,
    sessionToken,
    consistencyToken,
    acr: session.acr,
    amr: [...session.amr],
    deviceToken,
  };
}

/** Where a call comes from, as the session keeps it, sealed. */
export function sourceOf(call: OpenCall): SessionSource {
  const [agent] = call.context.metadata.get('user-agent');
  return { address: call.source, agent: typeof agent === 'string' ? agent.slice(0, 256) : '' };
}
