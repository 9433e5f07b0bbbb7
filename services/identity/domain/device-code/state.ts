import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import { presentFields } from '#libs/decider/present-fields.js';
import type { DomainEvent } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

type DeviceCodeIssued = Extract<DomainEvent, { type: 'DeviceCodeIssued' }>;
type DeviceCodeApproved = Extract<DomainEvent, { type: 'DeviceCodeApproved' }>;

export interface DeviceCodeDocument extends Omit<DeviceCodeIssued, 'type' | 'deviceSha256'> {
  readonly status: 'PENDING' | 'APPROVED' | 'DENIED' | 'REDEEMED';
  /** Who approved it, and what. */
  readonly approved?: Pick<
    DeviceCodeApproved,
    'principal' | 'session' | 'scopes' | 'acr' | 'authTimeMs' | 'authPosition' | 'artifact'
  >;
}

/** By the SHA-256 of what the device holds. */
export const deviceCodes = new DocumentKind<DeviceCodeDocument>('device');
/** By the SHA-256 of what its owner types. */
export const userCodes = new DocumentKind<{
  readonly deviceSha256: string;
  readonly expiresAtMs: number;
}>('usercode');

export type DeviceCodeEvent = Extract<
  DomainEvent,
  {
    type: 'DeviceCodeIssued' | 'DeviceCodeApproved' | 'DeviceCodeDenied' | 'DeviceCodeRedeemed';
  }
>;

export function evolveDeviceCode(
  event: DeviceCodeEvent,
  to: DocumentWriter,
  { tenant }: EventContext,
): void {
  const { deviceSha256, userCodeSha256, expiresAtMs } = event;
  switch (event.type) {
    case 'DeviceCodeIssued': {
      const { type: _, deviceSha256: __, ...rest } = event;
      deviceCodes.put(to, tenant, deviceSha256, { ...presentFields(rest), status: 'PENDING' });
      return userCodes.put(to, tenant, userCodeSha256, { deviceSha256, expiresAtMs });
    }
    case 'DeviceCodeApproved': {
      const { principal, session, scopes, acr, authTimeMs, authPosition, artifact } = event;
      const by = { principal, session, scopes, acr, authTimeMs, authPosition };
      const approved = artifact === undefined ? by : { ...by, artifact };
      return deviceCodes.change(to, tenant, deviceSha256, (it) => {
        return { ...it, status: 'APPROVED', approved };
      });
    }
    case 'DeviceCodeDenied':
      return deviceCodes.change(to, tenant, deviceSha256, (it) => ({ ...it, status: 'DENIED' }));
    case 'DeviceCodeRedeemed':
      return deviceCodes.change(to, tenant, deviceSha256, (it) => ({ ...it, status: 'REDEEMED' }));
  }
}
