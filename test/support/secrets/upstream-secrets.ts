import { UpstreamServiceService as Upstreams } from '#proto/ledgate/identity/v1/upstream.js';
import { sampleProvider as provider } from '../identity/sample-upstream.js';
import type { Pair } from '../ledgate/running-pair.js';

interface Notes {
  readonly admin: string;
  readonly secret: (name: string, text: string) => string;
  readonly refused: (call: Promise<unknown>) => Promise<void>;
}

/** Sets providers that people log in at, and replaces and misplaces our secrets there. */
export async function useUpstreams(pair: Pair, { admin, secret, refused }: Notes): Promise<void> {
  const first = secret('secret at a provider', 'heliotrope gadgets sing at noon');
  const second = secret('second secret at a provider', 'quiet umbrellas / 42 % of them');
  await pair.call(Upstreams.setUpstreamProvider, { provider, clientSecret: first }, admin);
  await pair.call(Upstreams.setUpstreamProvider, { provider, clientSecret: second }, admin);
  await pair.call(Upstreams.setUpstreamProvider, { provider, clientSecret: '' }, admin);
  await pair.call(Upstreams.listUpstreamProviders, {}, admin);
  const misplaced = { ...provider, issuer: first, scopes: [second], twoFactorAcrs: [first] };
  const set = { provider: misplaced, clientSecret: second };
  await refused(pair.call(Upstreams.setUpstreamProvider, set, admin));
  await refused(pair.call(Upstreams.setUpstreamProvider, { ...set, tenantId: 'x' }, admin));
  await refused(pair.call(Upstreams.removeUpstreamProvider, { provider: first }, admin));
}
