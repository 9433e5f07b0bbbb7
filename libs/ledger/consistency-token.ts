import { Failure, invalid } from '#libs/errors/failure.js';

/** How far one ledger was read. */
export interface LedgerPoint {
  readonly position: number;
  /** First 8 bytes of the chain at `position`, hex. */
  readonly chain: string;
}

/** Where a write landed: a reader that includes `position` of this history includes the write. */
export interface ConsistencyPoint extends LedgerPoint {
  readonly clusterId: string;
  readonly epoch: number;
  /** The same in ledger S; absent: nothing there is asked for. */
  readonly session?: LedgerPoint | undefined;
}

const both =
  /^v([12])\.([0-9a-f-]{1,64})\.(\d{1,10})\.(\d{1,16})\.([0-9a-f]{16})(?:\.(\d{1,16})\.([0-9a-f]{16}))?$/;

/** Opaque to callers; the version in front lets it change. Version 2 has a part about ledger S. */
export function encodeConsistencyToken(point: ConsistencyPoint): string {
  const { clusterId, epoch, position, chain, session } = point;
  const inL = `${clusterId}.${epoch}.${position}.${chain}`;
  const text =
    session === undefined ? `v1.${inL}` : `v2.${inL}.${session.position}.${session.chain}`;
  return Buffer.from(text).toString('base64url');
}

/** Throws Failure INVALID_ARGUMENT on anything that `encodeConsistencyToken` did not make. */
export function decodeConsistencyToken(token: string, field: string): ConsistencyPoint {
  const match = token.length <= 250 ? both.exec(Buffer.from(token, 'base64url').toString()) : null;
  const [, version, clusterId = '', epoch, position, chain = '', inS, chainInS = ''] = match ?? [];
  const session = inS === undefined ? undefined : { position: Number(inS), chain: chainInS };
  const point = {
    clusterId,
    epoch: Number(epoch),
    position: Number(position),
    chain,
    ...(session && { session }),
  };
  const positions = [point.position, session?.position ?? 0];
  if (
    !match ||
    (version === '2') !== (session !== undefined) ||
    !positions.every(Number.isSafeInteger) ||
    encodeConsistencyToken(point) !== token
  ) {
    throw invalid({ field, description: 'is no consistency token; pass one back unchanged' });
  }
  return point;
}

/** What a reader knows of the chains of one ledger. */
export interface KnownChains {
  chainAt(position: number): Uint8Array | undefined;
}

/**
 * Throws Failure WRONG_CLUSTER when the token is of another cluster, epoch or history. `session`: of
 * ledger S; absent where nobody here follows it.
 */
export function checkConsistencyPoint(
  point: ConsistencyPoint,
  mine: { clusterId: string; epoch: number } & KnownChains,
  session?: KnownChains,
): void {
  const inS = point.session === undefined || agrees(point.session, session);
  const ours = point.clusterId === mine.clusterId;
  if (ours && point.epoch === mine.epoch && agrees(point, mine) && inS) return;
  if (ours && point.epoch < mine.epoch) {
    const why = 'the consistency token is from before the ledger was restored: drop it, read again';
    throw new Failure('WRONG_CLUSTER', why);
  }
  throw new Failure(
    'WRONG_CLUSTER',
    'the consistency token belongs to another cluster or another history: drop it and read again',
  );
}

/** Outside the window the position is long past: the chain can no longer be compared. */
function agrees({ position, chain }: LedgerPoint, known: KnownChains | undefined): boolean {
  const mine = known?.chainAt(position);
  return mine === undefined || Buffer.from(mine.subarray(0, 8)).toString('hex') === chain;
}
