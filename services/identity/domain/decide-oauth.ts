import type { Decision, Facts } from '#libs/decider/decide.js';
import type { DocumentReader } from '#libs/decider/documents.js';
import { decideCertificate } from './certificate/decide.js';
import { decideClient } from './client/decide.js';
import type { Command, CommandType } from './commands.js';
import { decideConsent } from './consent/decide.js';
import { decideEndpointRule } from './endpoint-rule/decide.js';
import { decideFactor } from './factor/decide.js';
import { decideScope } from './scope/decide.js';
import { decideUpstream } from './upstream/decide.js';

const oauthTypes = {
  EnrolTotp: true,
  EnrolOtpChannel: true,
  RegisterPasskey: true,
  GenerateRecoveryCodes: true,
  ConsumeRecoveryCode: true,
  RemoveFactor: true,
  ResetFactors: true,
  BindCertificate: true,
  RemoveCertificate: true,
  RegisterClient: true,
  ChangeClient: true,
  SuspendClient: true,
  ResumeClient: true,
  DeleteClient: true,
  CreateClientSecret: true,
  RotateClientSecret: true,
  RevokeClientSecret: true,
  GiveConsent: true,
  WithdrawConsent: true,
  SetUpstreamProvider: true,
  RemoveUpstreamProvider: true,
  LinkExternalIdentity: true,
  UnlinkExternalIdentity: true,
  DefineScope: true,
  ChangeScope: true,
  RetireScope: true,
  SetEndpointRule: true,
  RemoveEndpointRule: true,
  ReplaceEndpointRules: true,
} as const satisfies Partial<Record<CommandType, true>>;

type OauthCommand = Extract<Command, { type: keyof typeof oauthTypes }>;

/** Second factors and other credentials, clients and consents, scopes and endpoint rules. */
export function isOauthCommand(command: Command): command is OauthCommand {
  return Object.hasOwn(oauthTypes, command.type);
}

export function decideOauth(command: OauthCommand, view: DocumentReader, facts: Facts): Decision {
  switch (command.type) {
    case 'EnrolTotp':
    case 'EnrolOtpChannel':
    case 'RegisterPasskey':
    case 'GenerateRecoveryCodes':
    case 'ConsumeRecoveryCode':
    case 'RemoveFactor':
    case 'ResetFactors':
      return decideFactor(command, view, facts);
    case 'BindCertificate':
    case 'RemoveCertificate':
      return decideCertificate(command, view, facts);
    case 'RegisterClient':
    case 'ChangeClient':
    case 'SuspendClient':
    case 'ResumeClient':
    case 'DeleteClient':
    case 'CreateClientSecret':
    case 'RotateClientSecret':
    case 'RevokeClientSecret':
      return decideClient(command, view, facts);
    case 'GiveConsent':
    case 'WithdrawConsent':
      return decideConsent(command, view, facts);
    case 'SetUpstreamProvider':
    case 'RemoveUpstreamProvider':
    case 'LinkExternalIdentity':
    case 'UnlinkExternalIdentity':
      return decideUpstream(command, view, facts);
    case 'DefineScope':
    case 'ChangeScope':
    case 'RetireScope':
      return decideScope(command, view, facts);
    case 'SetEndpointRule':
    case 'RemoveEndpointRule':
    case 'ReplaceEndpointRules':
      return decideEndpointRule(command, view, facts);
  }
}
