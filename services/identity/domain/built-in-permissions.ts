import type { PermissionDefined, Risk } from '#libs/events/catalogue.js';

/** `SYSTEM`: defined in the system tenant only, so that no other tenant's admin can hold it. */
type Reach = 'TENANT' | 'SYSTEM';
type Row = readonly [verb: string, risk: Risk, description: string, reach?: Reach];

/** One per RPC of `ledgate.identity.v1` that needs one: its name in kebab-case. */
const identity: readonly Row[] = [
  ['create-tenant', 'SENSITIVE', 'Create tenants', 'SYSTEM'],
  ['list-tenants', 'NORMAL', 'List all tenants', 'SYSTEM'],
  ['suspend-tenant', 'SENSITIVE', 'Suspend a tenant', 'SYSTEM'],
  ['resume-tenant', 'SENSITIVE', 'Resume a tenant', 'SYSTEM'],
  ['delete-tenant', 'SENSITIVE', 'Delete a tenant', 'SYSTEM'],
  ['get-tenant', 'NORMAL', 'Read the tenant'],
  ['update-tenant-settings', 'SENSITIVE', 'Change the settings of the tenant'],

  ['create-user', 'NORMAL', 'Create users'],
  ['create-service-account', 'SENSITIVE', 'Create service accounts'],
  ['get-principal', 'NORMAL', 'Read a principal'],
  ['list-principals', 'NORMAL', 'List principals'],
  ['update-profile', 'NORMAL', 'Change profiles'],
  ['add-login-name', 'SENSITIVE', 'Add login names'],
  ['remove-login-name', 'SENSITIVE', 'Remove login names'],
  ['suspend-principal', 'SENSITIVE', 'Suspend principals'],
  ['resume-principal', 'SENSITIVE', 'Resume principals'],
  ['delete-principal', 'SENSITIVE', 'Delete principals'],
  ['erase-subject', 'SENSITIVE', 'Erase personal data of deleted principals'],
  ['get-erasure', 'NORMAL', 'See how far an erasure is'],

  ['set-password', 'SENSITIVE', 'Set the passwords of others'],
  ['remove-password', 'SENSITIVE', 'Remove passwords'],
  ['create-api-key', 'SENSITIVE', 'Create API keys'],
  ['rotate-api-key', 'SENSITIVE', 'Rotate API keys'],
  ['revoke-api-key', 'NORMAL', 'Revoke API keys'],
  ['rename-api-key', 'NORMAL', 'Rename API keys'],
  ['block-credential', 'NORMAL', 'Block credentials'],
  ['unblock-credential', 'SENSITIVE', 'Unblock credentials'],
  ['list-api-keys', 'NORMAL', 'List API keys'],
  ['list-factors', 'NORMAL', 'Read the second factors of others'],
  ['reset-factors', 'SENSITIVE', 'Remove all second factors of somebody'],

  ['register-client', 'SENSITIVE', 'Register OAuth clients'],
  ['get-client', 'NORMAL', 'Read an OAuth client'],
  ['list-clients', 'NORMAL', 'List OAuth clients'],
  ['change-client', 'SENSITIVE', 'Change OAuth clients'],
  ['suspend-client', 'SENSITIVE', 'Suspend OAuth clients'],
  ['resume-client', 'SENSITIVE', 'Resume OAuth clients'],
  ['delete-client', 'SENSITIVE', 'Delete OAuth clients'],
  ['create-client-secret', 'SENSITIVE', 'Create secrets of OAuth clients'],
  ['rotate-client-secret', 'SENSITIVE', 'Rotate secrets of OAuth clients'],
  ['revoke-client-secret', 'NORMAL', 'Revoke secrets of OAuth clients'],
  ['bind-certificate', 'SENSITIVE', 'Bind certificates to principals'],
  ['remove-certificate', 'NORMAL', 'Remove certificates of principals'],
  ['list-certificates', 'NORMAL', 'List the certificates of principals'],
  ['list-consents', 'NORMAL', 'List the consents of users'],
  ['withdraw-consent', 'NORMAL', 'Withdraw consents of users'],

  ['set-upstream-provider', 'SENSITIVE', 'Set the providers that users log in at'],
  ['remove-upstream-provider', 'SENSITIVE', 'Remove providers that users log in at'],
  ['list-upstream-providers', 'NORMAL', 'List the providers that users log in at'],
  ['list-external-identities', 'NORMAL', 'List the linked accounts of users'],
  ['unlink-external-identity', 'SENSITIVE', 'Unlink accounts of users at providers'],

  ['define-permission', 'NORMAL', 'Define permissions'],
  ['change-permission', 'SENSITIVE', 'Change permissions'],
  ['retire-permission', 'SENSITIVE', 'Retire permissions'],
  ['list-permissions', 'NORMAL', 'List permissions'],
  ['create-role', 'SENSITIVE', 'Create roles'],
  ['get-role', 'NORMAL', 'Read a role'],
  ['list-roles', 'NORMAL', 'List roles'],
  ['change-role-permissions', 'SENSITIVE', 'Change what a role permits'],
  ['change-role-parents', 'SENSITIVE', 'Change what a role inherits'],
  ['rename-role', 'NORMAL', 'Rename roles'],
  ['delete-role', 'SENSITIVE', 'Delete roles'],

  ['define-scope', 'NORMAL', 'Define scopes'],
  ['change-scope', 'SENSITIVE', 'Change what a scope allows'],
  ['retire-scope', 'NORMAL', 'Retire scopes'],
  ['list-scopes', 'NORMAL', 'List scopes'],
  ['set-endpoint-rule', 'SENSITIVE', 'Set what an endpoint asks for'],
  ['remove-endpoint-rule', 'NORMAL', 'Close an endpoint'],
  ['replace-endpoint-rules', 'SENSITIVE', 'Replace the endpoint rules of an API'],
  ['list-endpoint-rules', 'NORMAL', 'List the endpoint rules of an API'],
  ['list-apis', 'NORMAL', 'List the APIs with endpoint rules'],

  ['grant-role', 'SENSITIVE', 'Grant roles'],
  ['change-grant', 'SENSITIVE', 'Change the expiry of grants'],
  ['revoke-grant', 'NORMAL', 'Revoke grants'],
  ['list-grants', 'NORMAL', 'List grants'],
  ['create-group', 'NORMAL', 'Create groups'],
  ['delete-group', 'SENSITIVE', 'Delete groups'],
  ['list-groups', 'NORMAL', 'List groups'],
  ['add-group-member', 'SENSITIVE', 'Add members to groups'],
  ['remove-group-member', 'NORMAL', 'Remove members from groups'],
  ['list-group-members', 'NORMAL', 'List the members of groups'],

  ['list-sessions', 'NORMAL', 'List the sessions of others'],
  ['get-session', 'NORMAL', 'Read a session of others'],
  ['end-session', 'NORMAL', 'End a session of others'],
  ['end-other-sessions', 'NORMAL', 'End all sessions of others but one'],
  ['end-all-sessions', 'NORMAL', 'End all sessions of others'],
  ['introspect-token', 'NORMAL', 'Ask what a token of the tenant is'],
  ['revoke-tokens', 'NORMAL', 'Kill what was issued to a principal or the tenant'],
  ['verify-password', 'SENSITIVE', 'Check user names and passwords', 'SYSTEM'],
  ['list-signing-keys', 'NORMAL', 'List the signing keys', 'SYSTEM'],
  ['rotate-signing-key', 'SENSITIVE', 'Rotate the signing key', 'SYSTEM'],
  ['remove-signing-key', 'SENSITIVE', 'Remove retired signing keys', 'SYSTEM'],
  ['compromise-signing-key', 'SENSITIVE', 'Declare a signing key compromised', 'SYSTEM'],
  ['get-status', 'NORMAL', 'Read the state of the ledger', 'SYSTEM'],
  ['append-barrier', 'NORMAL', 'Wait for everything that was written'],
  ['watch-revocations', 'NORMAL', 'Be told of revocations that wait for the ledger', 'SYSTEM'],
];

const authorizer: readonly Row[] = [
  ['ask', 'NORMAL', 'Ask about a credential'],
  ['ask-any', 'NORMAL', 'Ask about any principal'],
  ['explain', 'NORMAL', 'See what a decision rests on'],
];

/** One per RPC of `ledgate.operator.v1`. */
const operator: readonly Row[] = [
  ['sign-head', 'NORMAL', 'Have the head of the ledger signed', 'SYSTEM'],
  ['sign-file', 'SENSITIVE', 'Have an export of the ledger signed', 'SYSTEM'],
  ['write-checkpoint', 'NORMAL', 'Append checkpoints', 'SYSTEM'],
  ['get-feature-level', 'NORMAL', 'Read the feature level of the ledger', 'SYSTEM'],
  ['raise-feature-level', 'SENSITIVE', 'Raise the feature level of the ledger', 'SYSTEM'],
  ['check-at', 'NORMAL', 'Ask what somebody was allowed at any moment'],
  ['explain-at', 'NORMAL', 'See what a decision of the past rested on'],
  ['who-can', 'NORMAL', 'List everybody who could do something'],
  ['what-can', 'NORMAL', 'List all that somebody could do'],
  ['diff', 'NORMAL', 'See what changed in access between two moments'],
  ['history', 'NORMAL', 'Read every event about somebody or something'],
];

/** One per RPC of `ledgate.events.v1`. */
const events: readonly Row[] = [['subscribe', 'NORMAL', 'Follow the public events of the tenant']];

const areas = [
  ['ledgate.identity', identity],
  ['ledgate.authorizer', authorizer],
  ['ledgate.operator', operator],
  ['ledgate.events', events],
] as const;

/** What a new tenant has defined from the start. */
export function builtInPermissions(forSystemTenant: boolean): PermissionDefined[] {
  return areas.flatMap(([area, rows]) =>
    rows
      .filter(([, , , reach]) => forSystemTenant || reach !== 'SYSTEM')
      .map(([verb, risk, description]) => ({
        type: 'PermissionDefined',
        permission: `${area}:${verb}`,
        resourceType: '',
        description,
        risk,
      })),
  );
}
