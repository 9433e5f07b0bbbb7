import { expect } from 'vitest';
import { UpstreamServiceService as Upstreams } from '#proto/ledgate/identity/v1/upstream.js';
import { status } from '@grpc/grpc-js';
import { PrincipalServiceService as Principals } from '#proto/ledgate/identity/v1/principal.js';
import { refusal } from './refusal.js';
import type { World } from './running-identity.js';
import { sampleProvider } from './sample-upstream.js';

/** Every method about upstream providers, once, as it is meant; people log in there in pages/upstream.test.ts. */
export async function everyUpstream(call: World['call'], admin: string): Promise<void> {
  const clientSecret = 'a secret of theirs';
  await call(Upstreams.setUpstreamProvider, { provider: sampleProvider, clientSecret }, admin);
  const { providers } = await call(Upstreams.listUpstreamProviders, {}, admin);
  const redirectUri = expect.stringMatching(/^http.*\/t\/[a-z0-9-]+\/upstream\/corp\/callback$/u);
  expect(providers).toEqual([{ ...sampleProvider, hasSecret: true, redirectUri }]);
  expect((await call(Upstreams.listExternalIdentities, {}, admin)).identities).toEqual([]);
  const unlink = (principalId: string) =>
    call(Upstreams.unlinkExternalIdentity, { identityId: 'none', principalId }, admin);
  const { principalId } = await call(Principals.createUser, { username: 'linked' }, admin);
  expect((await refusal(unlink(principalId))).reason).toBe('NOT_FOUND');
  // One's own with the token of a fresh session only.
  expect((await refusal(unlink(''))).code).toBe(status.UNAUTHENTICATED);
  await call(Upstreams.removeUpstreamProvider, { provider: 'corp' }, admin);
  expect((await call(Upstreams.listUpstreamProviders, {}, admin)).providers).toEqual([]);
}
