import type { AdapterPayload } from 'oidc-provider';
import { certificateThumbprint } from './client-certificate.js';
import { engineContext, type EngineParts } from './engine-context.js';
import type { NewFamilyFacts } from './oidc-ledger.js';
import { confirmationOf, type FamilyArtifact } from './refresh-payload.js';

/** The family that a code or a device code becomes. */
export async function newFamily(
  parts: EngineParts,
  gty: string,
  { nonce, claims }: AdapterPayload,
  facts: Pick<NewFamilyFacts, 'scopes' | 'audience'>,
): Promise<NewFamilyFacts> {
  const { sealed, clock } = parts;
  const startedAtS = Math.floor(clock.wallMs() / 1000);
  const artifact: FamilyArtifact = { nonce, claims, gty, startedAtS };
  return {
    ...facts,
    confirmation: await confirmationOf(certificateThumbprint(engineContext())),
    artifact: sealed.seal('family artifact', artifact, Number.MAX_SAFE_INTEGER),
  };
}
