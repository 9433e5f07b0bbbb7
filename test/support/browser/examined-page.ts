import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults } from 'axe-core';
import type { BrowserContext, CDPSession, Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Each page is looked at like this: both colour schemes, on a desk and on a phone. */
const looks = [
  { scheme: 'light', device: 'desktop', size: { width: 1280, height: 860 } },
  { scheme: 'dark', device: 'phone', size: { width: 390, height: 844 } },
] as const;

/** A page whose errors are kept, and that axe can look at whatever its content security policy. */
export interface ExaminedPage {
  readonly page: Page;
  /** What the console, scripts and the policy complained about. */
  readonly errors: readonly string[];
  /** Rules of WCAG 2.2 A and AA, and best practices, that the page breaks as it is shown now. */
  violations(name: string): Promise<readonly string[]>;
  /** The same in every look. */
  examine(name: string): Promise<readonly string[]>;
}

/** Answers of ours to a wrong answer of the person: browsers note each one as an error. */
const refusedForm = /status of (?:422|429)/u;

export async function examinedPage(context: BrowserContext): Promise<ExaminedPage> {
  const page = await context.newPage();
  // Kept open: a session that is detached takes the page's virtual authenticators with it.
  const session = await context.newCDPSession(page);
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'error' || refusedForm.test(message.text())) return;
    errors.push(`${message.text()} (${page.url()})`);
  });
  page.on('pageerror', (error) => errors.push(`${error.message} (${page.url()})`));
  const violations = async (name: string): Promise<readonly string[]> => {
    const found = await inIsolation(session);
    await picture(page, name);
    const wide = await page.evaluate(
      '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
    );
    const [content = 0, window = 0] = wide as number[];
    const overflow = content > window ? [`${name}: ${content} px wide in ${window} px`] : [];
    const broken = found.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary = '' }) => `${id}: ${String(target)}: ${failureSummary}`),
    );
    return [...overflow, ...broken.map((one) => `${name}: ${one}`)];
  };
  const examine = async (name: string): Promise<readonly string[]> => {
    const all: string[] = [];
    for (const { scheme, device, size } of looks) {
      await page.emulateMedia({ colorScheme: scheme });
      await page.setViewportSize(size);
      all.push(...(await violations(`${name}-${device}-${scheme}`)));
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.setViewportSize({ width: 1280, height: 860 });
    return all;
  };
  return { page, errors, violations, examine };
}

/** In a world of its own: neither the page's policy nor its scripts meet axe. */
async function inIsolation(session: CDPSession): Promise<AxeResults['violations']> {
  const { frameTree } = await session.send('Page.getFrameTree');
  const { executionContextId: contextId } = await session.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
  });
  await session.send('Runtime.evaluate', { expression: axe, contextId });
  const { result, exceptionDetails } = await session.send('Runtime.evaluate', {
    expression: `axe.run(document, { resultTypes: ['violations'] })
      .then(({ violations }) => violations)`,
    contextId,
    awaitPromise: true,
    returnByValue: true,
  });
  if (exceptionDetails !== undefined) throw new Error(exceptionDetails.text);
  return result.value as AxeResults['violations'];
}

/** `PICTURES=<folder>`: how the pages look, for people. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['PICTURES'];
  if (folder === undefined || folder === '') return;
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}
