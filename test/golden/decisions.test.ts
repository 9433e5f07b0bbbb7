import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { decide, decideWithApiKey, decideWithToken } from '#libs/access/evaluate/decide.js';
import { explain, explainApiKey, explainToken } from '#libs/access/evaluate/explain.js';
import { AccessView } from '#libs/access/projection/access-view.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import { keyHash } from '#libs/events/keys.js';

import { readWorld, sha256Of, type WorldAsk, type WorldToken } from './decision-world.js';

/** The pure evaluator on the golden worlds; `decision-world.ts` documents their format. */
const folder = new URL('decisions/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));

interface Issued extends WorldToken {
  readonly tenant: string;
  readonly authPosition: number;
}

describe.each(files)('%s', (file) => {
  it.each(answersOf(file))('$title', ({ ask, decided, explained }) => {
    expect(decided.reason).toBe(ask.expect);
    expect(explained).toMatchObject(decided);
    expect(decided.validUntilMs).toBe(ask.validUntil ?? decided.validUntilMs);
  });
});

/** Every question of a world with its answer at that point of the history. */
function answersOf(file: string) {
  const view = new AccessView(keyHash);
  const tokens = new Map<string, Issued>();
  return readWorld(new URL(file, folder)).steps.flatMap((step, index) => {
    const { tenant } = step;
    switch (step.kind) {
      case 'event':
        apply(view, tenant, step.event);
        return [];
      case 'token':
        tokens.set(step.token.name, { ...step.token, tenant, authPosition: view.position });
        return [];
      case 'quarantine':
        view.quarantine([keyHash(tenant, ...step.key)]);
        return [];
      case 'ask': {
        const { who, action, resource, at, expect: reason } = step.ask;
        const asked = `${JSON.stringify(who)} ${action} on "${resource}" at ${at}`;
        const title = `${index}: ${asked} → ${reason}`;
        return [{ title, ask: step.ask, ...answer(view, tokens, tenant, step.ask) }];
      }
    }
  });
}

function apply(view: AccessView, tenant: string, event: DomainEvent): void {
  const actor = { tenant, principal: 'admin' };
  view.apply(event, { tenant, actor, position: view.position + 1, atMs: 0, reason: '' });
}

function answer(
  view: AccessView,
  tokens: ReadonlyMap<string, Issued>,
  tenant: string,
  { who, action, resource, at }: WorldAsk,
) {
  const asked = { action, resource, nowMs: at };
  if ('subject' in who) {
    const question = { tenant, principal: who.subject, ...asked };
    return { decided: decide(view, question), explained: explain(view, question) };
  }
  if ('key' in who) {
    const sha256 = sha256Of(who.key);
    const decided = decideWithApiKey(view, sha256, asked);
    return { decided, explained: explainApiKey(view, sha256, asked) };
  }
  const issued = tokens.get(who.token);
  if (issued === undefined) throw new Error(`no token "${who.token}" was issued`);
  const facts = { ...issued, expiresAtMs: issued.until };
  const decided = decideWithToken(view, undefined, facts, asked);
  return { decided, explained: explainToken(view, undefined, facts, asked) };
}

describe('the worlds', () => {
  it('are at least ten, with at least a hundred questions and every reason that a view can give', () => {
    const worlds = files.map((file) => readWorld(new URL(file, folder)));
    const asked = worlds.flatMap((world) =>
      world.steps.flatMap((step) => (step.kind === 'ask' ? [step.ask.expect] : [])),
    );
    expect(worlds.length).toBeGreaterThanOrEqual(10);
    expect(asked.length).toBeGreaterThanOrEqual(100);
    // CREDENTIAL_CHANGED needs a password that identity verified: no question can carry one.
    expect([...new Set(asked)].sort()).toEqual([
      'ALLOWED',
      'CREDENTIAL_BLOCKED',
      'CREDENTIAL_EXPIRED',
      'CREDENTIAL_REPLACED',
      'CREDENTIAL_REVOKED',
      'CREDENTIAL_UNKNOWN',
      'NO_GRANT',
      'PRINCIPAL_DELETED',
      'PRINCIPAL_SUSPENDED',
      'PRINCIPAL_UNKNOWN',
      'QUARANTINED',
      'RESOURCE_INVALID',
      'RESOURCE_OUT_OF_KEY_SCOPE',
      'SCOPE_INSUFFICIENT',
      'SIGNING_KEY_COMPROMISED',
      'SIGNING_KEY_NOT_ACTIVE',
      'SIGNING_KEY_REMOVED',
      'SIGNING_KEY_RETIRED',
      'SIGNING_KEY_UNKNOWN',
      'TENANT_DELETED',
      'TENANT_SUSPENDED',
      'TENANT_UNKNOWN',
      'UNKNOWN_PERMISSION',
      'WATERMARK',
    ]);
  });
});
