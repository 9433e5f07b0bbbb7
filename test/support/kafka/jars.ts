import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const kafkaVersion = '4.3.1';
const oldestJava = 17;
const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

function jarFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return process.env['KAFKA_LIBS'] ?? join(cache, 'ledgate', `kafka-${kafkaVersion}`);
}

function hasJars(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.jar'));
}

/** The Java command, or why there is none that can run a broker. */
async function findJava(): Promise<{ java: string } | { why: string }> {
  const home = process.env['JAVA_HOME'];
  const java = home === undefined ? 'java' : join(home, 'bin/java');
  try {
    const { stdout, stderr } = await run(java, ['-version']);
    const major = Number(/version "(\d+)/.exec(stdout + stderr)?.[1] ?? 0);
    return major >= oldestJava ? { java } : { why: `Java ${major} is older than ${oldestJava}` };
  } catch {
    return { why: 'no Java' };
  }
}

/** Why Kafka's tools cannot be run on this machine; `undefined` when they can. */
export async function whyNoTools(): Promise<string | undefined> {
  const found = await findJava();
  if ('why' in found) return found.why;
  try {
    await run('mvn', ['--version']);
    return undefined;
  } catch {
    return "no Maven to fetch the jars of Kafka's tools with";
  }
}

/** Why a broker cannot be run from its jars on this machine; `undefined` when it can. */
export async function whyNoJars(): Promise<string | undefined> {
  const found = await findJava();
  if ('why' in found) return found.why;
  if (hasJars(jarFolder())) return undefined;
  try {
    await run('mvn', ['--version']);
    return undefined;
  } catch {
    return 'no Maven to fetch the jars with (or set KAFKA_LIBS)';
  }
}

/** Command and leading arguments that run a class of Kafka; fetches the jars the first time. */
export async function kafkaJava(): Promise<{ java: string; args: string[] }> {
  const found = await findJava();
  if ('why' in found) throw new Error(found.why);
  const folder = jarFolder();
  if (!hasJars(folder)) await fetchJars(folder);
  const memory = ['-Xms96m', '-Xmx320m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  const args = [...memory, '-Xshare:auto', '-Dlog4j2.level=WARN', '-cp', join(folder, '*')];
  return { java: found.java, args };
}

/** The same for Kafka's command line tools, e.g. its console consumer. */
export async function kafkaToolsJava(): Promise<{ java: string; args: string[] }> {
  const found = await findJava();
  if ('why' in found) throw new Error(found.why);
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'ledgate', `kafka-${kafkaVersion}-tools`);
  if (!hasJars(folder)) await fetchJars(folder, 'pom-tools.xml');
  const memory = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
  return { java: found.java, args: [...memory, '-cp', join(folder, '*')] };
}

/** Into a scratch folder first: a download cut half-way must not look like a complete one. */
async function fetchJars(folder: string, project = 'pom.xml'): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const scratch = mkdtempSync(`${folder}-`);
  const pom = join(dirname(fileURLToPath(import.meta.url)), project);
  try {
    const goal = [copyDependencies, '-DincludeScope=runtime', `-DoutputDirectory=${scratch}`];
    await run('mvn', ['-q', '-B', '-f', pom, ...goal], { timeout: 600_000 });
    if (!existsSync(folder)) renameSync(scratch, folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
