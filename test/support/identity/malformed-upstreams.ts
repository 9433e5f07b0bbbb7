import { UpstreamServiceService as Upstreams } from '#proto/ledgate/identity/v1/upstream.js';
import { badIds, ofPage, type Bad, type Row } from './bad-values.js';
import { sampleProvider } from './sample-upstream.js';

const provider = (field: string, ...values: readonly Partial<typeof sampleProvider>[]): Bad => [
  'provider',
  values.map((over) => ({ ...sampleProvider, ...over })),
  `provider.${field}`,
];

/** Methods about upstream providers, each field with values that it must refuse. */
export const upstreamRows: readonly Row[] = [
  {
    method: Upstreams.setUpstreamProvider,
    base: { provider: sampleProvider },
    bad: [
      ['provider', [undefined]],
      provider('provider', { provider: 'x'.repeat(64) }),
      provider('display_name', { displayName: 'x'.repeat(129) }),
      provider('issuer', { issuer: `https://${'x'.repeat(2_000)}` }),
      provider('client_id', { clientId: 'x'.repeat(257) }),
      provider('scopes', { scopes: Array.from({ length: 21 }, (_, at) => `s${at}`) }),
      provider('two_factor_acrs', {
        twoFactorAcrs: Array.from({ length: 11 }, (_, at) => `a${at}`),
      }),
      provider('two_factor_acrs[0]', { twoFactorAcrs: ['x'.repeat(129)] }),
      provider('two_factor_amrs', {
        twoFactorAmrs: Array.from({ length: 11 }, (_, at) => `a${at}`),
      }),
      ['clientSecret', ['x'.repeat(513)], 'client_secret'],
    ],
  },
  {
    method: Upstreams.removeUpstreamProvider,
    base: { provider: 'corp' },
    bad: [['provider', ['', 'x'.repeat(64)]]],
  },
  { method: Upstreams.listUpstreamProviders, base: {}, bad: [...ofPage] },
  {
    method: Upstreams.listExternalIdentities,
    base: {},
    bad: [['principalId', badIds, 'principal_id'], ...ofPage],
  },
  {
    method: Upstreams.unlinkExternalIdentity,
    base: { identityId: 'x' },
    bad: [['identityId', ['', 'x'.repeat(65)], 'identity_id']],
  },
];
