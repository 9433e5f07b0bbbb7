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

  it('may have a part about ledger S, which is asked for and compared as well', () => {
    const session = { position: 7, chain: 'ffeeddccbbaa9988' };
    const both = { ...point, session };
    const token = encodeConsistencyToken(both);
    expect(decodeConsistencyToken(token, 'token')).toEqual(both);
    expect(decodeConsistencyToken(encodeConsistencyToken(point), 'token').session).toBeUndefined();
    const mine = { clusterId: point.clusterId, epoch: 1, chainAt: () => undefined };
    const inS = { chainAt: () => Buffer.from(session.chain, 'hex') };
    expect(() => checkConsistencyPoint(both, mine, inS)).not.toThrow();
    expect(() => checkConsistencyPoint(both, mine)).not.toThrow();
    const other = { chainAt: () => Buffer.alloc(32) };
    expect(() => checkConsistencyPoint(both, mine, other)).toThrow(
      expect.objectContaining({ reason: 'WRONG_CLUSTER' }),
    );
    expect(() => checkConsistencyPoint(point, mine, other)).not.toThrow();
    for (const text of [
      'v1.c.1.2.0011223344556677.3.0011223344556677',
      'v2.c.1.2.0011223344556677',
    ]) {
      const forged = Buffer.from(text).toString('base64url');
      expect(() => decodeConsistencyToken(forged, 'token')).toThrow(
        expect.objectContaining({ reason: 'INVALID_ARGUMENT' }),
      );
    }
  });
});
