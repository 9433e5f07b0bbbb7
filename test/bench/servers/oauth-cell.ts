// Identity with its HTTP side, on the embedded log in a new folder.
import { callback, startOauthCell } from '../../support/oauth/oauth-cell.js';
import type { OauthGreeting } from './oauth-greeting.js';

const cell = await startOauthCell('bench');
const client = await cell.registerClient();
const browser = await cell.browserOf('alice');
const greeting: OauthGreeting = {
  port: Number(new URL(cell.issuer).port),
  paths: { authorize: '/oauth/authorize', token: '/oauth/token', introspect: '/oauth/introspect' },
  clientId: client.clientId,
  secret: client.secret,
  redirectUri: callback,
  cookie: `ledgate=${browser.cookie('ledgate') ?? ''}`,
};
process.on('disconnect', () => void cell.stop().then(() => process.exit(0)));
process.send?.(greeting);
