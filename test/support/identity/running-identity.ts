import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Metadata } from '@grpc/grpc-js';
import { connect } from '#libs/grpc/connect.js';
import type { IdentityConfig } from '#services/identity/config.js';
import {
  startIdentity,
  type IdentityInjection,
  type RunningIdentity,
} from '#services/identity/main.js';

export const issuer = 'https://ledgate.test';
export const audience = 'https://api.ledgate.test';

/** Good for tests: one folder, any free port, brakes that are out of the way. */
export function testConfig(dataDir: string, change: Partial<IdentityConfig> = {}): IdentityConfig {
  return {
    address: '127.0.0.1:0',
    metricsAddress: undefined,
    log: 'embedded',
    dataDir,
    kafkaBrokers: [],
    topicPrefix: 'auth',
    masterKey: undefined,
    ledgerKey: undefined,
    tls: undefined,
    allowPlaintext: false,
    issuer,
    audiences: [audience, 'https://other.ledgate.test'],
    reflection: false,
    trustedProxies: [],
    loginsPerSource: { burst: 100_000, perSecond: 100_000 },
    guessesPerAccount: { burst: 1000, perMinute: 60_000 },
    argon2: { memoryKib: 19_456, passes: 2 },
    maxStalenessMs: 300_000,
    tickMs: 60_000,
    drainNoticeMs: 0,
    logLevel: 'silent',
    ...change,
  };
}

export interface Folder {
  readonly path: string;
  remove(): void;
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'ledgate-identity-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A unary method as the generated code describes it. */
export interface Method<Request, Response> {
  readonly path: string;
  requestSerialize(request: Request): Buffer;
  requestDeserialize(bytes: Buffer): Request;
  responseDeserialize(bytes: Buffer): Response;
}

/** The service over its real surface. */
export interface World {
  readonly identity: RunningIdentity;
  /** API key of the first administrator of the system tenant; `''` unless the folder was new. */
  readonly root: string;
  /** Calls a method; fields that are not given are empty. Rejects with grpc-js' ServiceError. */
  call<Request extends object, Response>(
    method: Method<Request, Response>,
    request: Partial<Request>,
    bearer?: string,
  ): Promise<Response>;
  /** Sends bytes as they are. */
  callRaw(path: string, bytes: Buffer, bearer?: string): Promise<Buffer>;
  close(): Promise<void>;
}

export async function startWorld(
  config: IdentityConfig,
  injection: IdentityInjection = {},
): Promise<World> {
  const identity = await startIdentity(config, injection);
  const { address } = identity;
  const client = connect(Client, { address, credentials: undefined, allowPlaintext: false });
  const callRaw = (path: string, bytes: Buffer, bearer?: string): Promise<Buffer> => {
    const metadata = new Metadata();
    if (bearer !== undefined) metadata.set('authorization', `Bearer ${bearer}`);
    const same = (buffer: Buffer): Buffer => buffer;
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, same, same, bytes, metadata, (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer);
        else reject(error ?? new Error('no answer'));
      });
    });
  };
  return {
    identity,
    root: identity.founded?.apiKey ?? '',
    callRaw,
    call: async (method, request, bearer) => {
      const whole = { ...method.requestDeserialize(Buffer.alloc(0)), ...request };
      const bytes = method.requestSerialize(whole);
      return method.responseDeserialize(await callRaw(method.path, bytes, bearer));
    },
    close: async () => {
      client.close();
      await identity.close();
    },
  };
}
