import {
  ClientKind,
  ClientServiceService as Clients,
  ClientSettings,
} from '#proto/ledgate/identity/v1/client.js';
import type { Pair } from '../ledgate/running-pair.js';

interface Notes {
  readonly admin: string;
  readonly secret: (name: string, text: string) => string;
  readonly refused: (call: Promise<unknown>) => Promise<void>;
}

/** Registers an OAuth client, and makes, replaces and misplaces its secrets. */
export async function useClients(pair: Pair, { admin, secret, refused }: Notes): Promise<void> {
  const settings = ClientSettings.fromPartial({
    name: 'Shop',
    grantTypes: ['client_credentials'],
    authMethod: 'client_secret_basic',
  });
  const kind = ClientKind.CLIENT_KIND_SERVICE;
  const made = await pair.call(Clients.registerClient, { kind, settings }, admin);
  const { clientId, credentialId } = made;
  const first = secret('secret of a client', made.clientSecret);
  const second = await pair.call(Clients.createClientSecret, { clientId }, admin);
  secret('second secret of a client', second.clientSecret);
  const overlap = { clientId, overlapMs: 60_000n };
  const third = await pair.call(Clients.rotateClientSecret, overlap, admin);
  secret('rotated secret of a client', third.clientSecret);
  await pair.call(Clients.revokeClientSecret, { clientId, credentialId }, admin);
  await refused(pair.call(Clients.revokeClientSecret, { clientId, credentialId }, admin));
  await refused(pair.call(Clients.getClient, { clientId: first }, admin));
  await refused(pair.call(Clients.listClients, {}, first));
  const misplaced = { ...settings, redirectUris: [first], scopes: [first], authMethod: first };
  await refused(pair.call(Clients.registerClient, { kind, settings: misplaced }, admin));
}
