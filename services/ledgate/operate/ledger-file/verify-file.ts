import { Failure } from '#libs/errors/failure.js';
import type { Checkpoint } from '#libs/events/control-codec.js';
import { verifyCheckpoint } from '#libs/ledger/checkpoint.js';
import { isSignatureOfFile } from '#libs/ledger/file-signature.js';
import { examineContent, type Content } from './examine-content.js';
import { judgeAgain, type JudgedAgain } from './judge-again.js';
import type { LedgerFile } from './ledger-file.js';
import { StatedVerdicts } from './stated-verdicts.js';

export interface FileVerification {
  readonly clusterId: string;
  readonly ledger: string;
  readonly epoch: number;
  /** Last position that was proved; -1: none. */
  readonly position: number;
  /** Hex of the chain there. */
  readonly chain: string;
  readonly accepted: number;
  readonly void: Readonly<Record<string, number>>;
  /** CHECKPOINT records whose signature is good. */
  readonly checkpoints: number;
  /** Records that no signed statement says counted, or not. */
  readonly unstated: number;
  readonly blobs: number;
  /** Vault ids that accepted records name and the file does not have. */
  readonly missingBlobs: number;
  /** An accepted SEAL: the ledger went on elsewhere. */
  readonly sealedAt: number | undefined;
  /** Base64url of the key that it was verified with, and whether the caller gave it. */
  readonly auditPublicKey: string;
  readonly pinned: boolean;
  /** What is wrong, the first bad position first; empty: everything is proved. */
  readonly findings: readonly string[];
}

export interface VerifyOptions {
  /** The audit key that GENESIS must name, 32 bytes. Absent: the file's own, which proves less. */
  readonly publicKey?: Uint8Array | undefined;
  readonly onProgress?: (done: number, of: number) => void;
}

/**
 * Proves a file with the public audit key alone: every byte by the signature of the file; every record
 * by chain and signed head; checkpoints by their signatures; and the verdicts by the rule itself, all
 * but the mac, for which the signed statements stand. With a key of one's own that is proof; with the
 * file's own it says that the file is consistent with itself.
 */
export async function verifyFile(
  file: LedgerFile,
  { publicKey, onProgress = () => {} }: VerifyOptions = {},
): Promise<FileVerification> {
  const content = await examineContent(file, onProgress);
  const digest = await file.digest();
  const key = publicKey ?? ownKey(file, content, digest);
  const findings = content.broken === undefined ? [] : [content.broken];
  if (!isSignatureOfFile(file.header, digest, file.trailer.signature, key)) {
    findings.push('the file is not the one that was signed: its signature is not by the audit key');
  }
  const head = verifyCheckpoint(file.trailer.statement, key);
  if (head.ok) findings.push(...headProblems(file, content, head.value));
  else findings.push(`the signed head: ${head.problem}`);
  findings.push(...headerProblems(file, content, key));
  const statements = goodCheckpoints(content, key);
  const verdicts = new StatedVerdicts(content.position + 1);
  // The newest last: whatever two statements say of one position must agree with the rule anyway.
  for (const statement of statements) verdicts.take(statement);
  if (head.ok) verdicts.take(head.value);
  const again: JudgedAgain = await judgeAgain(file, content, verdicts, key);
  if (head.ok && content.broken === undefined) findings.push(...again.compare(head.value));
  return {
    clusterId: file.header.clusterId,
    ledger: file.header.ledger,
    epoch: file.header.epoch,
    position: again.position,
    chain: again.chain,
    accepted: again.accepted,
    void: again.void,
    checkpoints: statements.length,
    unstated: verdicts.unstated,
    blobs: content.blobs.size,
    missingBlobs: again.missingBlobs,
    sealedAt: again.sealedAt,
    auditPublicKey: Buffer.from(key).toString('base64url'),
    pinned: publicKey !== undefined,
    findings: [...again.findings, ...findings],
  };
}

/** Throws INVALID_ARGUMENT with what is wrong. */
export function requireProved({ findings }: FileVerification): void {
  if (findings.length === 0) return;
  throw new Failure('INVALID_ARGUMENT', `the file cannot be trusted:\n  ${findings.join('\n  ')}`);
}

/** Of the keys that GENESIS records name, the one that signed the file; else the first. */
function ownKey({ header, trailer }: LedgerFile, content: Content, digest: Uint8Array): Uint8Array {
  const keys = content.genesis.map((genesis) => genesis.auditPublicKey);
  const signer = keys.find((key) => isSignatureOfFile(header, digest, trailer.signature, key));
  return signer ?? keys[0] ?? new Uint8Array(32);
}

function goodCheckpoints({ checkpoints }: Content, key: Uint8Array): Checkpoint[] {
  return checkpoints.flatMap((payload) => {
    const checked = verifyCheckpoint(payload, key);
    return checked.ok ? [checked.value] : [];
  });
}

function headProblems({ header }: LedgerFile, content: Content, head: Checkpoint): string[] {
  const problems: string[] = [];
  if (head.clusterId !== header.clusterId || head.ledger !== header.ledger) {
    problems.push(`the signed head is about ${head.ledger} of cluster ${head.clusterId}`);
  }
  if (head.position !== header.end - 1) {
    problems.push(`the signed head is about position ${head.position}, the file ends elsewhere`);
  } else if (
    content.position === head.position &&
    Buffer.compare(content.chain, head.chain) !== 0
  ) {
    problems.push(`position ${head.position}: the chain is not the one that was signed`);
  }
  return problems;
}

function headerProblems({ header }: LedgerFile, content: Content, key: Uint8Array): string[] {
  const problems: string[] = [];
  const named = content.genesis.some(
    (one) =>
      one.clusterId === header.clusterId &&
      one.ledger === header.ledger &&
      Buffer.compare(one.auditPublicKey, key) === 0,
  );
  if (!named) problems.push('no GENESIS of this cluster and ledger names this audit key');
  if (header.auditPublicKey !== Buffer.from(key).toString('base64url')) {
    problems.push('the header names another audit key');
  }
  const whole = content.position === header.end - 1;
  if (whole && header.chain !== Buffer.from(content.chain).toString('hex')) {
    problems.push('the header names another chain');
  }
  return problems;
}
