import { describe, expect, it } from 'vitest';

import {
  featureLevelCodec,
  genesisCodec,
  keyAddedCodec,
  openCodec,
  sealCodec,
  tickCodec,
} from '#libs/events/control-codec.js';

const bytes = Buffer.from([1, 2, 3]);

describe('control payloads', () => {
  it('come back as they went in', () => {
    const genesis = {
      clusterId: 'c',
      ledger: 'auth.ledger.v1',
      format: 1,
      macKeyCheck: bytes,
      auditPublicKey: bytes,
      createdBy: 'init',
    };
    const open = { epoch: 2, restoredFromPosition: 9, restoredFromChain: bytes };
    const seal = { successor: 's', position: 2 ** 40, chain: bytes };
    const key = { macKeyId: 2, check: bytes, validFrom: 7 };
    const tick = { position: 2 ** 50, verdictHash: bytes };
    expect(genesisCodec.decode(genesisCodec.encode(genesis))).toEqual({ ok: true, value: genesis });
    expect(openCodec.decode(openCodec.encode(open))).toEqual({ ok: true, value: open });
    expect(sealCodec.decode(sealCodec.encode(seal))).toEqual({ ok: true, value: seal });
    expect(keyAddedCodec.decode(keyAddedCodec.encode(key))).toEqual({ ok: true, value: key });
    expect(tickCodec.decode(tickCodec.encode(tick))).toEqual({ ok: true, value: tick });
    const level = { level: 1 };
    expect(featureLevelCodec.decode(featureLevelCodec.encode(level))).toEqual({
      ok: true,
      value: level,
    });
  });

  it('a genesis without a cluster id, and level 0, do not decode', () => {
    expect(genesisCodec.decode(new Uint8Array())).toMatchObject({ ok: false });
    expect(featureLevelCodec.decode(new Uint8Array())).toMatchObject({ ok: false });
  });
});
