/**
 * Who may call what: the one table. A method that is not in it is denied to everybody.
 *
 * `PUBLIC`: no credential of the caller; such a method judges what it is given by itself.
 * `AUTHENTICATED`: any valid caller, about itself.
 * `PERMITTED`: a caller whose roles allow the method's permission on the resource.
 * `SELF`: the same, or a caller with an unlimited credential about its own principal.
 *
 * The permission of a method is its package without the version, and its name in kebab-case
 * (`ledgate.identity:grant-role`). The resource is `tenants/<tenant>/` and the template, judged in the
 * caller's own tenant.
 */
export interface MethodAccess {
  readonly who: 'PUBLIC' | 'AUTHENTICATED' | 'PERMITTED' | 'SELF';
  /** Below the tenant; `{…}` are filled from the request. */
  readonly resource: string;
  /** Only principals of the system tenant. */
  readonly systemOnly: boolean;
}

type Row = readonly [who: MethodAccess['who'], resource: string, reach?: 'SYSTEM'];

type Services = Readonly<Record<string, Readonly<Record<string, Row>>>>;

const identity: Services = {
  TenantService: {
    CreateTenant: ['PERMITTED', '', 'SYSTEM'],
    GetTenant: ['PERMITTED', ''],
    ListTenants: ['PERMITTED', '', 'SYSTEM'],
    UpdateTenantSettings: ['PERMITTED', 'settings'],
    SuspendTenant: ['PERMITTED', '', 'SYSTEM'],
    ResumeTenant: ['PERMITTED', '', 'SYSTEM'],
    DeleteTenant: ['PERMITTED', '', 'SYSTEM'],
  },
  PrincipalService: {
    CreateUser: ['PERMITTED', 'principals'],
    CreateServiceAccount: ['PERMITTED', 'principals'],
    GetPrincipal: ['SELF', 'principals/{principal}'],
    ListPrincipals: ['PERMITTED', 'principals'],
    UpdateProfile: ['SELF', 'principals/{principal}'],
    AddLoginName: ['PERMITTED', 'principals/{principal}'],
    RemoveLoginName: ['PERMITTED', 'principals/{principal}'],
    SuspendPrincipal: ['PERMITTED', 'principals/{principal}'],
    ResumePrincipal: ['PERMITTED', 'principals/{principal}'],
    DeletePrincipal: ['PERMITTED', 'principals/{principal}'],
    EraseSubject: ['PERMITTED', 'principals/{principal}'],
    GetErasure: ['PERMITTED', 'principals/{principal}'],
  },
  CredentialService: {
    SetPassword: ['PERMITTED', 'principals/{principal}'],
    ChangePassword: ['PUBLIC', ''],
    RemovePassword: ['PERMITTED', 'principals/{principal}'],
    CreateApiKey: ['SELF', 'principals/{principal}'],
    RotateApiKey: ['SELF', 'principals/{principal}'],
    RevokeApiKey: ['SELF', 'principals/{principal}'],
    RenameApiKey: ['SELF', 'principals/{principal}'],
    BlockCredential: ['PERMITTED', 'principals/{principal}'],
    UnblockCredential: ['PERMITTED', 'principals/{principal}'],
    ListApiKeys: ['SELF', 'principals/{principal}'],
  },
  ClientService: {
    RegisterClient: ['PERMITTED', 'clients'],
    GetClient: ['PERMITTED', 'clients/{client}'],
    ListClients: ['PERMITTED', 'clients'],
    ChangeClient: ['PERMITTED', 'clients/{client}'],
    SuspendClient: ['PERMITTED', 'clients/{client}'],
    ResumeClient: ['PERMITTED', 'clients/{client}'],
    DeleteClient: ['PERMITTED', 'clients/{client}'],
    CreateClientSecret: ['PERMITTED', 'clients/{client}'],
    RotateClientSecret: ['PERMITTED', 'clients/{client}'],
    RevokeClientSecret: ['PERMITTED', 'clients/{client}'],
    BindCertificate: ['PERMITTED', 'principals/{principal}'],
    RemoveCertificate: ['PERMITTED', 'principals/{principal}'],
    ListCertificates: ['SELF', 'principals/{principal}'],
  },
  ConsentService: {
    ListConsents: ['SELF', 'principals/{principal}'],
    GiveConsent: ['AUTHENTICATED', ''],
    WithdrawConsent: ['SELF', 'principals/{principal}'],
  },
  UpstreamService: {
    SetUpstreamProvider: ['PERMITTED', 'upstreams'],
    RemoveUpstreamProvider: ['PERMITTED', 'upstreams'],
    ListUpstreamProviders: ['PERMITTED', 'upstreams'],
    ListExternalIdentities: ['SELF', 'principals/{principal}'],
    UnlinkExternalIdentity: ['SELF', 'principals/{principal}'],
  },
  RoleService: {
    DefinePermission: ['PERMITTED', 'permissions'],
    ChangePermission: ['PERMITTED', 'permissions'],
    RetirePermission: ['PERMITTED', 'permissions'],
    ListPermissions: ['PERMITTED', 'permissions'],
    CreateRole: ['PERMITTED', 'roles'],
    GetRole: ['PERMITTED', 'roles/{role}'],
    ListRoles: ['PERMITTED', 'roles'],
    ChangeRolePermissions: ['PERMITTED', 'roles/{role}'],
    ChangeRoleParents: ['PERMITTED', 'roles/{role}'],
    RenameRole: ['PERMITTED', 'roles/{role}'],
    DeleteRole: ['PERMITTED', 'roles/{role}'],
  },
  ScopeService: {
    DefineScope: ['PERMITTED', 'scopes'],
    ChangeScope: ['PERMITTED', 'scopes'],
    RetireScope: ['PERMITTED', 'scopes'],
    ListScopes: ['PERMITTED', 'scopes'],
  },
  EndpointRuleService: {
    SetEndpointRule: ['PERMITTED', 'apis/{api}'],
    RemoveEndpointRule: ['PERMITTED', 'apis/{api}'],
    ReplaceEndpointRules: ['PERMITTED', 'apis/{api}'],
    ListEndpointRules: ['PERMITTED', 'apis/{api}'],
    ListApis: ['PERMITTED', 'apis'],
  },
  GroupService: {
    CreateGroup: ['PERMITTED', 'groups'],
    DeleteGroup: ['PERMITTED', 'groups/{group}'],
    ListGroups: ['PERMITTED', 'groups'],
    AddGroupMember: ['PERMITTED', 'groups/{group}'],
    RemoveGroupMember: ['PERMITTED', 'groups/{group}'],
    ListGroupMembers: ['PERMITTED', 'groups/{group}'],
  },
  GrantService: {
    GrantRole: ['PERMITTED', 'roles/{role}'],
    ChangeGrant: ['PERMITTED', 'roles/{role}'],
    RevokeGrant: ['PERMITTED', 'roles/{role}'],
    ListGrants: ['SELF', 'principals/{principal}'],
  },
  SessionService: {
    ListSessions: ['SELF', 'principals/{principal}'],
    GetSession: ['SELF', 'principals/{principal}'],
    EndSession: ['SELF', 'principals/{principal}'],
    EndOtherSessions: ['SELF', 'principals/{principal}'],
    EndAllSessions: ['SELF', 'principals/{principal}'],
    ExtendSession: ['AUTHENTICATED', ''],
  },
  TokenService: {
    Login: ['PUBLIC', ''],
    IssueToken: ['AUTHENTICATED', ''],
    RefreshToken: ['PUBLIC', ''],
    RevokeToken: ['PUBLIC', ''],
    IntrospectToken: ['SELF', 'principals/{principal}'],
    RevokeTokens: ['SELF', 'principals/{principal}'],
    VerifyPassword: ['PERMITTED', '', 'SYSTEM'],
    GetJwks: ['PUBLIC', ''],
    ListSigningKeys: ['PERMITTED', '', 'SYSTEM'],
    RotateSigningKey: ['PERMITTED', '', 'SYSTEM'],
    RemoveSigningKey: ['PERMITTED', '', 'SYSTEM'],
    CompromiseSigningKey: ['PERMITTED', '', 'SYSTEM'],
  },
  LoginService: {
    StartLogin: ['PUBLIC', ''],
    ChooseFactor: ['PUBLIC', ''],
    AnswerFactor: ['PUBLIC', ''],
    StartPasskeyLogin: ['PUBLIC', ''],
    FinishPasskeyLogin: ['PUBLIC', ''],
    StartStepUp: ['PUBLIC', ''],
    StepUp: ['PUBLIC', ''],
    RequestReset: ['PUBLIC', ''],
    ResetPassword: ['PUBLIC', ''],
    RequestSignUp: ['PUBLIC', ''],
    SignUp: ['PUBLIC', ''],
  },
  // Public: they take the token of a session, or the ticket of a log-in, and judge it by themselves.
  FactorService: {
    ListFactors: ['SELF', 'principals/{principal}'],
    StartTotp: ['PUBLIC', ''],
    ConfirmTotp: ['PUBLIC', ''],
    StartPasskey: ['PUBLIC', ''],
    ConfirmPasskey: ['PUBLIC', ''],
    StartOtpChannel: ['PUBLIC', ''],
    StartNameVerification: ['PUBLIC', ''],
    ConfirmNameVerification: ['PUBLIC', ''],
    ConfirmOtpChannel: ['PUBLIC', ''],
    GenerateRecoveryCodes: ['PUBLIC', ''],
    RemoveFactor: ['PUBLIC', ''],
    ResetFactors: ['PERMITTED', 'principals/{principal}'],
  },
  RevocationFeedService: {
    WatchRevocations: ['PERMITTED', '', 'SYSTEM'],
  },
  LedgerService: {
    GetStatus: ['PERMITTED', '', 'SYSTEM'],
    AppendBarrier: ['PERMITTED', ''],
  },
};

const operator: Services = {
  LedgerService: {
    SignHead: ['PERMITTED', '', 'SYSTEM'],
    SignFile: ['PERMITTED', '', 'SYSTEM'],
    WriteCheckpoint: ['PERMITTED', '', 'SYSTEM'],
    GetFeatureLevel: ['PERMITTED', '', 'SYSTEM'],
    RaiseFeatureLevel: ['PERMITTED', '', 'SYSTEM'],
  },
  TimeMachineService: {
    CheckAt: ['PERMITTED', 'history'],
    ExplainAt: ['PERMITTED', 'history'],
    WhoCan: ['PERMITTED', 'history'],
    WhatCan: ['PERMITTED', 'history'],
    Diff: ['PERMITTED', 'history'],
    History: ['PERMITTED', 'history'],
  },
};

const events: Services = {
  EventService: {
    Subscribe: ['PERMITTED', 'events'],
  },
};

const packages: readonly (readonly [name: string, services: Services])[] = [
  ['ledgate.identity.v1', identity],
  ['ledgate.operator.v1', operator],
  ['ledgate.events.v1', events],
];

const table: ReadonlyMap<string, MethodAccess> = new Map(
  packages.flatMap(([name, services]) =>
    Object.entries(services).flatMap(([service, methods]) =>
      Object.entries(methods).map(([method, [who, resource, reach]]) => [
        `/${name}.${service}/${method}`,
        { who, resource, systemOnly: reach === 'SYSTEM' } satisfies MethodAccess,
      ]),
    ),
  ),
);

/** The row of a full method name (`/ledgate.identity.v1.TokenService/Login`), if there is one. */
export function accessOf(method: string): MethodAccess | undefined {
  return table.get(method);
}

/** `/ledgate.identity.v1.GrantService/GrantRole` → `ledgate.identity:grant-role`. */
export function permissionOf(method: string): string {
  const name = method.slice(method.lastIndexOf('/') + 1);
  const kebab = name.replaceAll(/(?<=[a-z])(?=[A-Z])/gu, '-').toLowerCase();
  const area = /^\/(?<area>ledgate\.[a-z]+)\.v\d+\./u.exec(method)?.groups?.['area'] ?? 'ledgate';
  return `${area}:${kebab}`;
}

/** Every method of the table. */
export function listedMethods(): readonly string[] {
  return [...table.keys()];
}
