import type { EvidenceReport, ReportedGrant, UnusedGrants } from './evidence-report.js';

/** Rows of one table; the JSON has all of them. */
const mostRows = 1_000;

/**
 * The report as one page: no script, nothing loaded from elsewhere, every text escaped. Headings,
 * captions and header cells are for screen readers as much as for eyes.
 */
export function reportHtml(report: EvidenceReport): string {
  const { proof, findings, madeAt } = report;
  const title = `Evidence report: ${proof.ledger} at position ${proof.position}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>Made at ${escaped(madeAt)} by the command line of Ledgate, from the ledger itself.</p>
<section aria-labelledby="findings">
<h2 id="findings">Findings</h2>
${findings.length === 0 ? '<p>None.</p>' : listOf(findings)}
</section>
${proofSection(report)}
${grantSection('admins', 'Who holds administration, and who gave it', report.admins)}
${unusedSection(report.unusedGrants)}
${keySection(report)}
${brokerSection(report)}
${decisionSection(report)}
</main>
</body>
</html>
`;
}

const style = `
body{font:16px/1.5 system-ui,sans-serif;color:#111;background:#fff;margin:2rem auto;max-width:70rem;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem;font-size:.9rem}
caption{text-align:left;font-weight:600;padding:.25rem 0}
th,td{border:1px solid #767676;padding:.25rem .5rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}
thead th{background:#eee}
@media print{body{margin:0;max-width:none;font-size:11pt}tr,section>h2{break-inside:avoid}h2{break-after:avoid}}
`;

function proofSection({ proof, quarantines }: EvidenceReport): string {
  const voids = Object.entries(proof.void).map(([why, count]) => [why, String(count)]);
  const last = proof.lastCheckpoint;
  const facts = [
    ['Cell', proof.clusterId],
    ['Last position', String(proof.position)],
    ['Chain there (SHA-256)', proof.chain],
    ['Epochs', String(proof.epochs)],
    ['Records that count', String(proof.accepted)],
    ['Checkpoints whose signature was verified', String(proof.checkpointsVerified)],
    ['Last checkpoint', last === null ? 'none' : `about position ${last.about}, ${last.at}`],
    ['Public audit key of the ledger (Ed25519)', proof.auditPublicKey],
    ['Quarantined keys', String(quarantines.keys)],
    ['Positions that could not be understood', quarantines.positions.join(', ') || 'none'],
  ];
  return section(
    'proof',
    'Proof of the history',
    `<p>Every record was judged again from position 0 by the rule that all instances follow. Compare
the audit key with the copy that you keep apart from the ledger.</p>
${pairs('What was proved', facts)}
${voids.length === 0 ? '<p>No record is void.</p>' : table('Void records by reason', ['Reason', 'Records'], voids)}`,
  );
}

const grantHead = [
  'Tenant',
  'To',
  'Role',
  'On',
  'Until',
  'Given by',
  'Given at',
  'Position',
  'Reason',
];

function grantRow(one: ReportedGrant): string[] {
  return [
    one.tenant,
    `${one.subjectKind.toLowerCase()} ${one.subject}`,
    one.roleName === '' ? one.role : `${one.roleName} (${one.role})`,
    one.resourcePrefix === '' ? 'everything' : one.resourcePrefix,
    one.expiresAt ?? 'no end',
    one.givenBy,
    one.givenAt,
    String(one.position),
    one.reason,
  ];
}

function grantSection(id: string, title: string, grants: readonly ReportedGrant[]): string {
  const body =
    grants.length === 0 ? '<p>Nobody.</p>' : table('Grants', grantHead, grants.map(grantRow));
  return section(id, title, body);
}

function unusedSection(unused: UnusedGrants): string {
  const title = 'Grants that were not used for 90 days';
  if (!unused.known) return section('unused', title, `<p>Not known: ${escaped(unused.why)}.</p>`);
  const { caveats, grants } = unused;
  const head = ['Last used', ...grantHead];
  const rows = grants.map((one) => [one.lastUsedAt ?? 'never seen', ...grantRow(one)]);
  const careful = caveats.length === 0 ? '' : `<p>Read with care:</p>${listOf(caveats)}`;
  return section(
    'unused',
    title,
    careful + (rows.length === 0 ? '<p>None.</p>' : table('Grants', head, rows)),
  );
}

function keySection({ keys, passwords }: EvidenceReport): string {
  const head = ['Kind', 'Tenant', 'Of', 'Id', 'Status', 'Made at', 'Age in days', 'Ends'];
  const rows = keys.map((key) => [
    key.kind === 'API_KEY' ? 'API key' : 'signing key',
    key.tenant,
    key.owner,
    key.id,
    key.status.toLowerCase(),
    key.madeAt,
    String(key.ageDays),
    key.expiresAt ?? 'no end',
  ]);
  const bands = [
    ['under 30 days', String(passwords.under30)],
    ['30 to 89 days', String(passwords.under90)],
    ['90 to 364 days', String(passwords.under365)],
    ['a year and older', String(passwords.older)],
  ];
  return section(
    'keys',
    'Credentials and keys by age',
    `${rows.length === 0 ? '<p>No keys.</p>' : table('Keys, the oldest first', head, rows)}
${table('Passwords by age', ['Age', 'Passwords'], bands)}`,
  );
}

function brokerSection({ brokers }: EvidenceReport): string {
  const title = 'Settings of the brokers';
  if (!brokers.applicable) {
    return section('brokers', title, `<p>Not applicable: ${escaped(brokers.why)}.</p>`);
  }
  const { deviations } = brokers;
  const none = '<p>All topics are as they must be.</p>';
  return section('brokers', title, deviations.length === 0 ? none : listOf(deviations));
}

function decisionSection({ decisions }: EvidenceReport): string {
  const title = 'Decisions, asked again';
  if (decisions === null) {
    return section('decisions', title, '<p>Not known: no decision log was given.</p>');
  }
  const facts = [
    ['In the log', String(decisions.decisions)],
    ['The same again', String(decisions.same)],
    ['Different', String(decisions.differences.length)],
    ['Missing, by the gaps of the log', String(decisions.missing)],
    ['Lines that could not be read', String(decisions.badLines)],
    ...Object.entries(decisions.notReAskable).map(([why, count]) => [
      `Not re-askable: ${why}`,
      String(count),
    ]),
  ];
  const differ = decisions.differences.map((one) => [
    one.id,
    String(one.position),
    one.recorded,
    one.now,
  ]);
  const head = ['Decision', 'Position', 'Recorded', 'Now'];
  return section(
    'decisions',
    title,
    pairs('Counts', facts) + (differ.length === 0 ? '' : table('Differences', head, differ)),
  );
}

function section(id: string, title: string, body: string): string {
  return `<section aria-labelledby="${id}">
<h2 id="${id}">${escaped(title)}</h2>
${body}
</section>`;
}

function table(
  caption: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const shown = rows.slice(0, mostRows);
  const more = rows.length - shown.length;
  const said = more === 0 ? '' : `, the first ${mostRows} of ${rows.length}; audit.json has all`;
  const heads = head.map((cell) => `<th scope="col">${escaped(cell)}</th>`).join('');
  const lines = shown.map(
    (row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`,
  );
  return `<table><caption>${escaped(caption + said)}</caption>
<thead><tr>${heads}</tr></thead>
<tbody>${lines.join('\n')}</tbody></table>`;
}

function pairs(caption: string, facts: readonly (readonly string[])[]): string {
  const lines = facts.map(
    ([name = '', value = '']) =>
      `<tr><th scope="row">${escaped(name)}</th><td>${escaped(value)}</td></tr>`,
  );
  return `<table><caption>${escaped(caption)}</caption>
<tbody>${lines.join('\n')}</tbody></table>`;
}

function listOf(texts: readonly string[]): string {
  return `<ul>${texts.map((text) => `<li>${escaped(text)}</li>`).join('\n')}</ul>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for an element or a quoted attribute; control characters are shown, not sent. */
export function escaped(text: string): string {
  return text
    .replace(/[&<>"']/gu, (found) => entities[found] ?? '')
    .replace(/[\p{Cc}\p{Surrogate}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\ufffd');
}
