import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { Failure } from '#libs/errors/failure.js';
import { ConfigError } from '#libs/runtime/env.js';
import { ExitCode, exitCodeOf } from '#services/ledgate/cli/exit-code.js';
import { reportFailure } from '#services/ledgate/cli/failure-report.js';
import { resolveTarget } from '#services/ledgate/cli/target.js';

const nobody = resolveTarget({ data: '/nonexistent' }, {});
const somebody = { ...nobody, credential: 'lgk_x' };

function refused(code: status, details: string): ServiceError {
  return Object.assign(new Error(`${code} ${details}`), {
    code,
    details,
    metadata: new Metadata(),
  });
}

describe('a failure at the terminal', () => {
  it('tells who gave no credential how to give one, and who gave one that it is no good', () => {
    const error = refused(status.UNAUTHENTICATED, 'the credential was not accepted');
    expect(reportFailure(error, nobody).text).toContain('LEDGATE_CREDENTIAL');
    expect(reportFailure(error, somebody).text).toContain('mistyped, expired or revoked');
    expect(reportFailure(error, nobody).exitCode).toBe(ExitCode.NOT_ALLOWED);
  });

  it.each([
    ['connect ECONNREFUSED 127.0.0.1:7401. Resolution note: ', 'ECONNREFUSED 127.0.0.1:7401'],
    ['Error: getaddrinfo ENOTFOUND nowhere.invalid', 'ENOTFOUND nowhere.invalid'],
  ])('says shortly what cannot be reached: %s', (details, why) => {
    const report = reportFailure(refused(status.UNAVAILABLE, details), nobody);
    expect(report.text.split('\n')[0]).toBe(`cannot connect: ${why}`);
    expect(report.exitCode).toBe(ExitCode.UNAVAILABLE);
  });

  it('passes on what a service says', () => {
    const report = reportFailure(refused(status.UNAVAILABLE, 'the state is too old'), nobody);
    expect(report).toEqual({ text: 'the state is too old', exitCode: ExitCode.UNAVAILABLE });
  });

  it('counts wrong settings as wrong words', () => {
    expect(reportFailure(new ConfigError(['x: not set']), nobody).exitCode).toBe(ExitCode.USAGE);
    const failure = new Failure('MISCONFIGURED', 'no ledger');
    expect(reportFailure(failure, nobody)).toEqual({ text: 'no ledger', exitCode: ExitCode.USAGE });
  });

  it('calls what it does not know a fault', () => {
    expect(reportFailure(new Error('odd'), nobody)).toEqual({ text: 'odd', exitCode: 70 });
    expect(reportFailure('odd', undefined)).toEqual({ text: 'odd', exitCode: 70 });
  });
});

describe('exit codes', () => {
  const codes = Object.values(status).filter((code): code is status => typeof code === 'number');

  it.each(codes)('status %i has one of the documented', (code) => {
    expect(Object.values(ExitCode)).toContain(exitCodeOf(code));
  });

  it('is 0 for nothing but OK, and 5 only where trying again can help', () => {
    expect(codes.filter((code) => exitCodeOf(code) === 0)).toEqual([status.OK]);
    expect(
      codes.filter((code) => exitCodeOf(code) === ExitCode.UNAVAILABLE).map((code) => status[code]),
    ).toEqual(['CANCELLED', 'DEADLINE_EXCEEDED', 'RESOURCE_EXHAUSTED', 'UNAVAILABLE']);
  });
});
