import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ClientKind } from '#proto/ledgate/identity/v1/client.js';
import type { Browser } from '../../support/oauth/browser.js';
import { callback, startOauthCell, type OauthCell } from '../../support/oauth/oauth-cell.js';

const { OAUTH_GO: go, OAUTH_PYTHON: python, REQUIRE_OAUTH_PEERS: required } = process.env;
const script = fileURLToPath(new URL('authlib_flows.py', import.meta.url));

describe.skipIf(required === undefined && go === undefined && python === undefined)(
  'clients in other languages (skipped: OAUTH_GO and OAUTH_PYTHON name none; see .ci/run)',
  () => {
    let cell: OauthCell;
    beforeAll(async () => {
      cell = await startOauthCell('peers');
    });
    afterAll(() => cell.stop());

    test.skipIf(required === undefined && go === undefined)(
      'golang.org/x/oauth2 and go-oidc complete their flows unchanged',
      async () => {
        expect(await flowsOf(cell, go ?? 'OAUTH_GO is not set', [])).toEqual([
          'discovery',
          'code flow',
          'userinfo',
          'refresh',
          'client credentials',
          'device flow',
        ]);
      },
    );

    test.skipIf(required === undefined && python === undefined)(
      'authlib completes its flows unchanged',
      async () => {
        expect(await flowsOf(cell, python ?? 'OAUTH_PYTHON is not set', [script])).toEqual([
          'code flow',
          'userinfo',
          'refresh',
          'introspection and revocation',
          'client credentials',
          'wrong verifier refused',
        ]);
      },
    );
  },
);

/** What the program says it has completed; its device code is approved on the way. */
async function flowsOf(cell: OauthCell, program: string, args: string[]): Promise<string[]> {
  const client = await cell.registerClient();
  const grantTypes = ['urn:ietf:params:oauth:grant-type:device_code'];
  const telly = await cell.registerClient(
    { authMethod: 'none', grantTypes, redirectUris: [] },
    ClientKind.CLIENT_KIND_NATIVE,
  );
  const browser = await cell.browserOf('alice');
  const child = spawn(program, args, {
    env: {
      ...process.env,
      ISSUER: cell.issuer,
      CLIENT_ID: client.clientId,
      CLIENT_SECRET: client.secret,
      PUBLIC_CLIENT_ID: telly.clientId,
      REDIRECT_URI: callback,
      SESSION: browser.cookie('ledgate') ?? '',
      SUBJECT: cell.users.alice,
    },
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString('utf8')));
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const userCode = /^user code (.+)$/u.exec(line)?.[1];
    if (userCode === undefined) said.push(line);
    else await approve(cell, browser, userCode);
  }
  const code = await ended;
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${complaint}`);
  return said;
}

async function approve(cell: OauthCell, browser: Browser, userCode: string): Promise<void> {
  const form = await browser.open(`${cell.issuer}/oauth/activate`);
  const confirm = await browser.submit(form, { user_code: userCode });
  await browser.submit(confirm, { confirm: 'yes' });
}
