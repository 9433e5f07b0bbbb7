import {
  execute,
  type CommandCall,
  type Executed,
  type IdentityParts,
} from '#services/identity/app/identity-parts.js';
import { sealing } from '#services/identity/app/sealing.js';
import type { Vouched } from '#services/identity/app/upstream/return-upstream.js';

/** Links the account that a provider has vouched for. `verifiedName`: where nobody is logged in. */
export function linkIdentity(
  parts: IdentityParts,
  call: CommandCall,
  principal: string,
  { upstream, identity, blindIndex }: Pick<Vouched, 'upstream' | 'identity' | 'blindIndex'>,
  verifiedName?: string,
): Promise<Executed> {
  const { tenant, provider, issuer } = upstream;
  return sealing(parts, async (sealed) =>
    execute(sealed, call, {
      type: 'LinkExternalIdentity',
      principal,
      provider,
      issuer,
      blindIndex,
      externalSubject: await sealed.secrets.seal(Buffer.from(identity.subject, 'utf8'), {
        class: 'PROFILE',
        tenant,
        principal,
      }),
      verifiedName,
    }),
  );
}
