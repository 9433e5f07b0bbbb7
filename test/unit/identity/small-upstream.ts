import fc from 'fast-check';

const of = <T extends string>(...ids: readonly T[]) => fc.constantFrom(...ids);
const vault = { id: 'v', sha256: 'h' };
const provider = of('up1', 'up2');
const issuer = of('https://a.example', 'https://b.example');
const blindIndex = of('e1', 'e2');
const principal = of('p1', 'p2', 'p3');

/** Fields of the commands about upstream providers, in the small world. */
export const upstreamRecords = {
  SetUpstreamProvider: {
    provider,
    displayName: of('one', 'two'),
    issuer,
    clientId: fc.constant('us'),
    clientSecret: fc.constantFrom(undefined, vault),
    scopes: fc.constant(['openid']),
    enabled: fc.constantFrom(true, true, false),
    linkPolicy: of('LINKED_ONLY', 'REGISTER'),
    secondFactor: fc.constantFrom(undefined, { acrs: ['two'], amrs: [] }),
  },
  RemoveUpstreamProvider: { provider },
  LinkExternalIdentity: {
    principal,
    provider,
    issuer,
    blindIndex,
    externalSubject: fc.constant(vault),
    verifiedName: fc.constantFrom(undefined, undefined, 'n1'),
  },
  UnlinkExternalIdentity: { principal, blindIndex, cause: of('OWNER', 'ADMIN') },
};
