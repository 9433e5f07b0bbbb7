import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkTopics, topicSpecs } from '#libs/ledger/kafka/topics.js';
import { kafkaSettingsOf } from '#libs/ledger/open-ledger.js';
import { systemClock } from '#libs/runtime/clock.js';
import { readDecisions } from '../decisions/read-decisions.js';
import type { LedgerAccess } from '../place.js';
import type { BrokerSettings, EvidenceReport } from './evidence-report.js';
import { gatherEvidence } from './gather-evidence.js';
import { makeReport } from './make-report.js';
import { reportHtml } from './report-html.js';

/** Reads the whole ledger and puts the report together. `decisions`: file of a decision log. */
export async function audit(
  access: LedgerAccess,
  decisions: string | undefined,
): Promise<EvidenceReport> {
  const read = decisions === undefined ? undefined : await readDecisions(decisions);
  const brokers = await brokerSettings(access);
  const gathered = await gatherEvidence(access, read);
  return makeReport(gathered, read, brokers, systemClock.wallMs());
}

/** Writes `audit.json` and `audit.html`, for their owner only. Resolves with their paths. */
export function writeReport(report: EvidenceReport, folder: string): readonly string[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const options = { mode: 0o600, flush: true };
  const [json, html] = [join(folder, 'audit.json'), join(folder, 'audit.html')];
  writeFileSync(json, `${JSON.stringify(report, null, 2)}\n`, options);
  writeFileSync(html, reportHtml(report), options);
  return [json, html];
}

async function brokerSettings({ place }: LedgerAccess): Promise<BrokerSettings> {
  if (place.log === 'embedded') {
    return { applicable: false, why: 'the log is embedded, and there are no brokers' };
  }
  const replicationFactor = Math.min(3, place.kafkaBrokers.length);
  const { topicPrefix: prefix, sessionRetentionMs } = place;
  const specs = topicSpecs({ prefix, replicationFactor, sessionRetentionMs });
  const wrong = await checkTopics(kafkaSettingsOf(place), specs);
  const deviations = wrong.map(
    ({ topic, setting, actual, expected }) =>
      `${topic}: ${setting} is ${actual}, must be ${expected}`,
  );
  return { applicable: true, deviations };
}
