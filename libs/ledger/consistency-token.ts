import { Failure, invalid } from '#libs/errors/failure.js';

/** Where a write landed: a reader that includes `position` of this history includes the write. */
export interface ConsistencyPoint {
  readonly clusterId: string;
  readonly epoch: number;
  readonly position: number;
  /** First 8 bytes of the chain at `position`, hex. */
  readonly chain: string;
}

const pattern = /^v1\.([0-9a-f-]{1,64})\.(\d{1,10})\.(\d{1,16})\.([0-9a-f]{16})$/;

/** Opaque to callers; the version in front lets it change. */
export function encodeConsistencyToken(point: ConsistencyPoint): string {
  const { clusterId, epoch, position, chain } = point;
  return Buffer.from(`v1.${clusterId}.${epoch}.${position}.${chain}`).toString('base64url');
}

/** Throws Failure INVALID_ARGUMENT on anything that `encodeConsistencyToken` did not make. */
export function decodeConsistencyToken(token: string, field: string): ConsistencyPoint {
  const match =
    token.length <= 200 ? pattern.exec(Buffer.from(token, 'base64url').toString()) : null;
  const [, clusterId, epoch, position, chain] = match ?? [];
  const point = { clusterId: clusterId ?? '', epoch: Number(epoch), position: Number(position) };
  const whole = { ...point, chain: chain ?? '' };
  if (!match || !Number.isSafeInteger(point.position) || encodeConsistencyToken(whole) !== token) {
    throw invalid({ field, description: 'is no consistency token; pass one back unchanged' });
  }
  return whole;
}

/** Throws Failure WRONG_CLUSTER when the token is of another cluster, epoch or history. */
export function checkConsistencyPoint(
  point: ConsistencyPoint,
  mine: { clusterId: string; epoch: number; chainAt(position: number): Uint8Array | undefined },
): void {
  const chain = mine.chainAt(point.position);
  // Outside the window the position is long past: the chain can no longer be compared.
  const known =
    chain === undefined || Buffer.from(chain.subarray(0, 8)).toString('hex') === point.chain;
  if (point.clusterId === mine.clusterId && point.epoch === mine.epoch && known) return;
  if (point.clusterId === mine.clusterId && point.epoch < mine.epoch) {
    const why = 'the consistency token is from before the ledger was restored: drop it, read again';
    throw new Failure('WRONG_CLUSTER', why);
  }
  throw new Failure(
    'WRONG_CLUSTER',
    'the consistency token belongs to another cluster or another history: drop it and read again',
  );
}
