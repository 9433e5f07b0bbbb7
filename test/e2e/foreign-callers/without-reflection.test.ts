import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLedgate, type RunningLedgate } from '../../support/client/running-ledgate.js';
import { runProgram, type ProgramRun } from '../../support/ledgate/run-program.js';

describe('buf curl where reflection is off, as in production', () => {
  let ledgate: RunningLedgate;
  beforeAll(async () => {
    ledgate = await startLedgate({ LEDGATE_REFLECTION: 'false' });
  });
  afterAll(async () => ledgate.stop());

  /** Runs in the folder of the repository, where `proto` is. */
  const curl = (method: string, request: object, schema = ['--schema', 'proto']) =>
    runProgram('node_modules/.bin/buf', [
      'curl',
      '--http2-prior-knowledge',
      '--protocol=grpc',
      ...schema,
      `--header=authorization: Bearer ${ledgate.demo.backendKey}`,
      `--data=${JSON.stringify(request)}`,
      `http://${ledgate.authorizer}/ledgate.authorizer.v1.AuthorizerService/${method}`,
    ]);
  const answered = ({ stdout, stderr, code }: ProgramRun): unknown => {
    expect([stderr, code]).toEqual(['', 0]);
    return JSON.parse(stdout);
  };

  it('authenticates and authorizes by the protos', async () => {
    const credential = { apiKey: ledgate.demo.aliceKey };
    const who = answered(await curl('Authenticate', { credential }));
    expect(who).toMatchObject({ authenticated: true, identity: { credentialKind: 'API_KEY' } });
    for (const [resource, decision] of [
      ['projects/acme/orders/17', 'DECISION_ALLOW'],
      ['projects/globex/orders/3', 'DECISION_DENY'],
    ]) {
      const question = { credential, action: 'orders:read', resource };
      expect(answered(await curl('Authorize', question))).toMatchObject({ decision });
    }
  });

  it('is not told what there is (ASVS 5.0: 13.4.5)', async () => {
    const { stderr, code } = await curl('Authenticate', {}, []);
    expect(code).not.toBe(0);
    expect(stderr).toContain('failed to find service');
  });
});
