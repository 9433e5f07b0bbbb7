import { inspect } from 'node:util';
import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import {
  allowed,
  ScriptedStatus,
  startScriptedAuthorizer,
  type Script,
} from '../../support/client/scripted-authorizer.js';
import { question, scriptedClients } from '../../support/client/scripted-client.js';

const { authorizer, client, after } = scriptedClients();

describe('failures', () => {
  const failing = (times: number, error: () => ScriptedStatus): Script => {
    let left = times;
    return {
      authorize: () => {
        if (left-- > 0) throw error();
        return allowed();
      },
    };
  };

  it('retries UNAVAILABLE and NOT_YET_KNOWN, and no refusal', async () => {
    const unavailable = await authorizer(failing(2, () => new ScriptedStatus(status.UNAVAILABLE)));
    const answer = await client(unavailable.address).authorize(question('a'));
    expect([answer.decision, unavailable.calls.length]).toEqual(['ALLOW', 3]);

    const early = () => new ScriptedStatus(status.UNAVAILABLE, 'NOT_YET_KNOWN', undefined, true);
    const late = await authorizer(failing(1, early));
    await client(late.address).authorize(question('a'));
    expect(late.calls.length).toBe(2);

    const final = () => new ScriptedStatus(status.UNAVAILABLE, 'QUARANTINED', undefined, false);
    const closed = await authorizer(failing(9, final));
    await expect(client(closed.address).authorize(question('a'))).rejects.toMatchObject({
      kind: 'UNDECIDED',
      reason: 'QUARANTINED',
    });
    expect(closed.calls.length).toBe(1);

    const refusing = await authorizer(failing(9, () => new ScriptedStatus(status.UNAUTHENTICATED)));
    await expect(client(refusing.address).authorize(question('a'))).rejects.toMatchObject({
      kind: 'CALLER_REFUSED',
      reason: 'UNAUTHENTICATED',
    });
    expect(refusing.calls.length).toBe(1);
  });

  it('waits as long as RetryInfo says, and gives up when the deadline is nearer', async () => {
    const overloaded = () => new ScriptedStatus(status.RESOURCE_EXHAUSTED, 'OVERLOADED', 60);
    const { address, calls } = await authorizer(failing(1, overloaded));
    const started = performance.now();
    await client(address).authorize(question('a'));
    expect(performance.now() - started).toBeGreaterThanOrEqual(59);
    expect(calls.length).toBe(2);

    const slow = await authorizer(
      failing(9, () => new ScriptedStatus(status.RESOURCE_EXHAUSTED, 'OVERLOADED', 900)),
    );
    const asked = client(slow.address, { deadlineMs: 500 }).authorize(question('a'));
    await expect(asked).rejects.toMatchObject({
      kind: 'UNDECIDED',
      reason: 'OVERLOADED',
      retryAfterMs: 900,
    });
    expect(slow.calls.length).toBe(1);
  });

  it('gives up at the deadline when nobody answers', async () => {
    const { address } = await authorizer({ authorize: () => new Promise(() => undefined) });
    const ledgate = client(address);
    const started = performance.now();
    const asked = ledgate.authorize(question('a'), { deadlineMs: 100 });
    await expect(asked).rejects.toMatchObject({ kind: 'UNDECIDED', reason: 'DEADLINE_EXCEEDED' });
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('fails within the deadline when nothing listens', async () => {
    const { address, stop } = await startScriptedAuthorizer();
    await stop();
    const asked = client(address, { deadlineMs: 300 }).authorize(question('a'));
    await expect(asked).rejects.toMatchObject({ kind: 'UNDECIDED' });
  });

  it('finds an authorizer that comes back', async () => {
    const first = await startScriptedAuthorizer({ authorize: () => allowed() });
    const ledgate = client(first.address);
    await ledgate.authorize(question('a'));
    await first.stop();
    await expect(ledgate.authorize(question('b'), { deadlineMs: 300 })).rejects.toMatchObject({
      kind: 'UNDECIDED',
    });
    await authorizer({ authorize: () => allowed() }, first.address);
    const again = () => ledgate.authorize(question('c')).catch(() => undefined);
    await expect.poll(again, { timeout: 10_000 }).toMatchObject({ decision: 'ALLOW' });
  });

  it('never shows a credential in an error', async () => {
    const { address } = await authorizer(failing(9, () => new ScriptedStatus(status.INTERNAL)));
    const ledgate = client(address, { credential: 'secretcaller' });
    const error: unknown = await ledgate
      .authorize(question('a'))
      .catch((thrown: unknown) => thrown);
    const shown = inspect(error, { depth: Infinity, showHidden: true });
    expect(shown).toContain('INTERNAL');
    expect(shown).not.toMatch(/secretcaller|lgk_x/);
  });
});

describe('several addresses', () => {
  it('fails no call when one of two is killed and comes back under load', async () => {
    const script: Script = { authorize: () => allowed() };
    const steady = await authorizer(script);
    let other = await startScriptedAuthorizer(script);
    after(() => other.stop());
    const ledgate = client([other.address, steady.address]);
    const asked: Promise<unknown>[] = [];
    for (let turn = 0; turn < 60; turn += 1) {
      for (let i = 0; i < 5; i += 1) asked.push(ledgate.authorize(question(`${turn}/${i}`)));
      if (turn === 20) await other.stop();
      if (turn === 40) other = await startScriptedAuthorizer(script, other.address);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const results = await Promise.allSettled(asked);
    expect(results.filter(({ status: outcome }) => outcome === 'rejected')).toEqual([]);
    const again = async () => {
      await ledgate.authorize(question('back'));
      return other.calls.length;
    };
    await expect.poll(again, { timeout: 10_000 }).toBeGreaterThan(0);
  });

  it('asks another one when one has diverged', async () => {
    const diverged = await authorizer({
      authorize: () => {
        throw new ScriptedStatus(status.UNAVAILABLE, 'DIVERGED', undefined, false);
      },
    });
    const good = await authorizer({ authorize: () => allowed() });
    const ledgate = client([diverged.address, good.address]);
    expect((await ledgate.authorize(question('a'))).decision).toBe('ALLOW');
    expect(diverged.calls.length).toBe(1);
  });

  it('takes turns, and passes over one that is gone', async () => {
    const script: Script = { authorize: () => allowed() };
    const [a, b] = [await authorizer(script), await authorizer(script)];
    const gone = await startScriptedAuthorizer();
    await gone.stop();
    const ledgate = client([a.address, gone.address, b.address]);
    for (let i = 0; i < 12; i += 1) await ledgate.authorize(question(`${i}`));
    expect(a.calls.length + b.calls.length).toBe(12);
    expect(Math.min(a.calls.length, b.calls.length)).toBeGreaterThanOrEqual(3);
  });

  it('asks the next one when one hangs', async () => {
    const hanging = await authorizer({ authorize: () => new Promise(() => undefined) });
    const good = await authorizer({ authorize: () => allowed() });
    const ledgate = client([hanging.address, good.address], { deadlineMs: 3000 });
    for (let i = 0; i < 6; i += 1) {
      expect((await ledgate.authorize(question(`${i}`))).decision).toBe('ALLOW');
    }
    expect([hanging.calls.length, good.calls.length]).toEqual([1, 6]);
  });
});

describe("the caller's own credential", () => {
  it('is asked for anew for each call', async () => {
    const { address, calls } = await authorizer({ authorize: () => allowed() });
    let n = 0;
    const ledgate = client(address, { credential: async () => `token${(n += 1)}` });
    await ledgate.authorize(question('a'));
    await ledgate.authorize(question('b'));
    expect(calls.map(({ authorization }) => authorization)).toEqual([
      'Bearer token1',
      'Bearer token2',
    ]);
  });

  it('makes no call when it cannot be had or cannot be sent', async () => {
    const { address, calls } = await authorizer({ authorize: () => allowed() });
    const broken = client(address, { credential: () => Promise.reject(new Error('vault down')) });
    await expect(broken.authorize(question('a'))).rejects.toMatchObject({
      kind: 'UNDECIDED',
      reason: 'NO_CALLER_CREDENTIAL',
    });
    const malformed = client(address, { credential: 'a\r\nb' });
    await expect(malformed.authorize(question('a'))).rejects.toMatchObject({
      kind: 'CALLER_REFUSED',
    });
    expect(calls).toEqual([]);
  });
});

describe('close', () => {
  it('lets running calls end, sends what waits, and refuses new ones', async () => {
    let release = () => undefined as void;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { address, calls } = await authorizer({
      authorize: async ({ resource }) => {
        if (resource === 'slow') await held;
        return allowed();
      },
    });
    const ledgate = client(address);
    const running = ledgate.authorize(question('slow'));
    await expect.poll(() => calls.length).toBe(1);
    const waiting = ledgate.authorize(question('waiting'));
    const closed = ledgate.close();
    await expect(ledgate.authorize(question('new'))).rejects.toMatchObject({ kind: 'CLOSED' });
    await expect(ledgate.explain(question('new'))).rejects.toMatchObject({ kind: 'CLOSED' });
    expect((await waiting).decision).toBe('ALLOW');
    release();
    expect((await running).decision).toBe('ALLOW');
    await closed;
  });
});
