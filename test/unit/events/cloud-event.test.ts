import { describe, expect, it } from 'vitest';
import { cloudEventMessage } from '#libs/events/cloud-event.js';
import { decodePublicEvent } from '#libs/events/public-event-codec.js';
import { publicEventsOf, type PublicEvent } from '#libs/events/public-events.js';

function revoked(epoch?: number): PublicEvent {
  const [event] = publicEventsOf(
    {
      tenant: 't',
      actor: { tenant: 't', principal: 'a' },
      command: 'RevokeGrant',
      commandId: 'id',
      requestDigest: 'd',
      reason: 'because',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      events: [
        {
          known: true,
          event: {
            type: 'GrantRevoked',
            grant: 'g',
            subjectKind: 'PRINCIPAL',
            subject: 'p',
            role: 'r',
            resourcePrefix: 'orders/eu',
            cause: 'REVIEW',
            admin: false,
          },
        },
      ],
    },
    { ledger: 'auth.ledger.v1', position: 1042, atMs: 1_764_000_000_123, epoch },
  );
  if (event === undefined) throw new Error('no event');
  return event;
}

describe('message of a public topic (CloudEvents 1.0, Kafka binding, binary mode)', () => {
  const options = { clusterId: 'c', publishedThrough: 1041 } as const;

  it('has these headers, and no others', () => {
    expect(cloudEventMessage(revoked(), { ...options, format: 'protobuf' })).toMatchObject({
      key: 'p',
      headers: {
        ce_specversion: '1.0',
        ce_id: 'auth.ledger.v1:1042:0',
        ce_source: '/ledgate/c/auth.ledger.v1',
        ce_type: 'ledgate.grant.GrantRevoked.v1',
        ce_time: '2025-11-24T16:00:00.123Z',
        ce_subject: 'p',
        ce_partitionkey: 'p',
        ce_tenant: 't',
        ce_ledger: 'auth.ledger.v1',
        ce_position: '1042',
        ce_index: '0',
        ce_epoch: '1',
        ce_publishedthrough: '1041',
        'content-type': 'application/protobuf',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
    });
  });

  it('says the epoch in the id once there is a second one', () => {
    const { headers } = cloudEventMessage(revoked(2), { ...options, format: 'json' });
    expect(headers).toMatchObject({ ce_id: 'auth.ledger.v1:1042:0:2', ce_epoch: '2' });
  });

  it('keeps these bytes: whoever reads them was written before', () => {
    const { value } = cloudEventMessage(revoked(), { ...options, format: 'protobuf' });
    expect(Buffer.from(value).toString('hex')).toBe(golden);
  });

  it.each(['protobuf', 'json'] as const)('can be read back: %s', (format) => {
    const event = revoked(3);
    const { value, headers } = cloudEventMessage(event, { ...options, format });
    expect(decodePublicEvent(value, headers['content-type'])).toEqual({ ok: true, value: event });
  });

  it('of a type that this build does not know, or torn, says so', () => {
    const { value } = cloudEventMessage(revoked(), { ...options, format: 'json' });
    const newer = Buffer.from(String(Buffer.from(value)).replace('"GrantRevoked"', '"Newer"'));
    expect(decodePublicEvent(newer, 'application/json')).toMatchObject({ unknownType: true });
    expect(decodePublicEvent(value.subarray(9), 'application/json')).toMatchObject({ ok: false });
  });
});

const golden = [
  '0a15617574682e6c65646765722e76313a313034323a30120e617574682e6c65646765722e763118',
  '92082a0c4772616e745265766f6b65643201743a017442016148fbd0dfb4ab33523730302d306166',
  '37363531393136636434336464383434386562323131633830333139632d62376164366237313639',
  '3230333333312d303158018203270a016712095052494e434950414c1a01702201722a096f726465',
  '72732f65753206524556494557',
].join('');
