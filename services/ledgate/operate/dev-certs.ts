import { systemClock } from '#libs/runtime/clock.js';
import { createDevCertificates, writeDevCertificates } from '#libs/runtime/dev-certs.js';
import { systemRandom } from '#libs/runtime/ids.js';
import type { Output } from '../cli/output.js';

export interface CertificateFlags {
  readonly out: string;
  readonly host: string[];
  readonly client: string[];
  readonly days: number;
}

/** Makes certificates for development: an authority, one server certificate, client certificates. */
export async function makeCertificates(flags: CertificateFlags, out: Output): Promise<void> {
  const certificates = await createDevCertificates({
    clock: systemClock,
    random: systemRandom,
    hosts: flags.host,
    clients: flags.client,
    days: flags.days,
  });
  const files = writeDevCertificates(flags.out, certificates);
  out.many(
    files.map((file) => ({ file })),
    'nothing written',
  );
}
