import type { Adapter, AdapterPayload } from 'oidc-provider';
import { wantedClaims } from '../oauth/id-token.js';
import { resourceOf } from '../oauth/audience.js';
import { clientMetadata } from './client-metadata.js';
import { openidScopes } from '../oauth/scope-words.js';
import { DeviceStore } from './device-store.js';
import type { EngineParts } from './engine-context.js';
import { parseGrantId } from './grant-id.js';
import { InteractionStore } from './interaction-store.js';
import { Nowhere } from './nowhere.js';

/** One adapter for each kind of thing that the engine keeps; most of them are kept nowhere. */
export function oidcAdapter(parts: EngineParts): (model: string) => Adapter {
  return (model) => {
    switch (model) {
      case 'Client':
        return new MadeAnew((id) => findClient(parts, id));
      case 'Grant':
        return new MadeAnew((id) => findGrant(parts, id));
      case 'Interaction':
        return new InteractionStore(parts);
      case 'DeviceCode':
        return new DeviceStore(parts);
      default:
        return new Nowhere();
    }
  };
}

class MadeAnew extends Nowhere {
  readonly #make: (id: string) => AdapterPayload | undefined;

  constructor(make: (id: string) => AdapterPayload | undefined) {
    super();
    this.#make = make;
  }

  override find(id: string): Promise<AdapterPayload | undefined> {
    return Promise.resolve(this.#make(id));
  }
}

function findClient({ ledger }: EngineParts, id: string): AdapterPayload | undefined {
  const client = ledger.client(id);
  return client === undefined ? undefined : clientMetadata(client);
}

/** Everything that the client may have of this principal at this moment. */
function findGrant({ ledger, clock }: EngineParts, id: string): AdapterPayload | undefined {
  const parsed = parseGrantId(id);
  const client = parsed && ledger.client(parsed.client);
  if (parsed === undefined || client === undefined) return undefined;
  const scope = ledger.granted(client, parsed.principal).join(' ');
  const nowS = Math.floor(clock.wallMs() / 1000);
  return {
    kind: 'Grant',
    jti: id,
    accountId: parsed.principal,
    clientId: parsed.client,
    iat: nowS,
    exp: nowS + 3600,
    // Nobody is asked about single claims: what is given hangs on scopes alone (`findAccount`).
    openid: { scope, claims: wantedClaims(openidScopes) },
    resources: Object.fromEntries(
      ledger.audiencesOf(client).map((one) => [resourceOf(one.id), scope]),
    ),
  };
}
