import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import { TokenServiceService as Tokens } from '#proto/ledgate/identity/v1/token.js';
import { badIds, id, ofPage, type Bad, type Row } from './bad-values.js';

const ofOwner: readonly Bad[] = [
  ['tenantId', badIds, 'tenant_id'],
  ['principalId', badIds, 'principal_id'],
];
const ofSession: Bad = ['sessionId', ['', ...badIds], 'session_id'];
const tooLong = 'x'.repeat(8193);

/** Sessions and the tokens in them; whoever calls has no session. */
export const sessionRows: readonly Row[] = [
  { method: Sessions.listSessions, base: {}, bad: [...ofOwner, ...ofPage] },
  { method: Sessions.getSession, base: { sessionId: id }, bad: [...ofOwner, ofSession] },
  { method: Sessions.endSession, base: { sessionId: id }, bad: [...ofOwner, ofSession] },
  { method: Sessions.endOtherSessions, base: { sessionId: id }, bad: [...ofOwner, ofSession] },
  { method: Sessions.endAllSessions, base: {}, bad: ofOwner },
  {
    method: Tokens.refreshToken,
    base: { refreshToken: 'x' },
    bad: [
      ['refreshToken', [tooLong], 'refresh_token'],
      ['scopes', [Array.from({ length: 51 }, (_, at) => `a:b${at}`)]],
    ],
  },
  { method: Tokens.revokeToken, base: { token: 'x' }, bad: [['token', [tooLong]]] },
  { method: Tokens.introspectToken, base: { token: 'x' }, bad: [['token', [tooLong]]] },
];
