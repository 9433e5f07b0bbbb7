import { describe, expect, it } from 'vitest';
import {
  checkConsistencyPoint,
  decodeConsistencyToken,
  encodeConsistencyToken,
} from '#libs/ledger/consistency-token.js';

const point = { clusterId: '0190-ab', epoch: 1, position: 42, chain: '00112233aabbccdd' };

describe('consistency token', () => {
  it('comes back as it was', () => {
    expect(decodeConsistencyToken(encodeConsistencyToken(point), 'token')).toEqual(point);
  });

  it.each(['', 'x', encodeConsistencyToken(point).slice(1), `${encodeConsistencyToken(point)}=`])(
    'refuses %j as a field',
    (token) => {
      expect(() => decodeConsistencyToken(token, 'consistency.at_least_as_fresh')).toThrow(
        expect.objectContaining({
          reason: 'INVALID_ARGUMENT',
          violations: [expect.objectContaining({ field: 'consistency.at_least_as_fresh' })],
        }),
      );
    },
  );

  it('refuses another cluster, another epoch and another history', () => {
    const chain = Buffer.from('00112233aabbccdd00', 'hex');
    const mine = { clusterId: point.clusterId, epoch: 1, chainAt: () => chain };
    expect(() => checkConsistencyPoint(point, mine)).not.toThrow();
    expect(() => checkConsistencyPoint(point, { ...mine, chainAt: () => undefined })).not.toThrow();
    for (const other of [
      { ...mine, clusterId: 'other' },
      { ...mine, epoch: 2 },
      { ...mine, chainAt: () => Buffer.alloc(32) },
    ]) {
      expect(() => checkConsistencyPoint(point, other)).toThrow(
        expect.objectContaining({ reason: 'WRONG_CLUSTER' }),
      );
    }
    expect(() => checkConsistencyPoint(point, { ...mine, epoch: 2 })).toThrow('was restored');
  });
});
