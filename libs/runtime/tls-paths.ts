import { z } from 'zod';

/** Paths of PEM files of a server; absent: plaintext, which only loopback accepts. */
export interface TlsPaths {
  readonly certFile: string;
  readonly keyFile: string;
  /** Authorities of client certificates, and of the servers that this one asks. */
  readonly caFile: string | undefined;
  readonly clientCertificates: 'none' | 'optional' | 'required';
}

/** The variables that every service reads which listens. */
export const tlsVariables = {
  LEDGATE_TLS_CERT: z.string().optional(),
  LEDGATE_TLS_KEY: z.string().optional(),
  LEDGATE_TLS_CA: z.string().optional(),
  LEDGATE_TLS_CLIENT_CERTIFICATES: z.enum(['none', 'optional', 'required']).default('none'),
};

type TlsEnv = { [K in keyof typeof tlsVariables]: z.output<(typeof tlsVariables)[K]> };

/** What those variables say; a certificate without its key is refused when it is loaded. */
export function tlsPathsFrom(env: TlsEnv): TlsPaths | undefined {
  const { LEDGATE_TLS_CERT: certFile, LEDGATE_TLS_KEY: keyFile } = env;
  if (certFile === undefined && keyFile === undefined) return undefined;
  return {
    certFile: certFile ?? '',
    keyFile: keyFile ?? '',
    caFile: env.LEDGATE_TLS_CA,
    clientCertificates: env.LEDGATE_TLS_CLIENT_CERTIFICATES,
  };
}
