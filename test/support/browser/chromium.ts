import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { describe } from 'vitest';

const usual = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The Chromium of this machine; `CHROMIUM_PATH` names another one. */
export const chromiumPath: string | undefined = [process.env['CHROMIUM_PATH'], ...usual].find(
  (path) => path !== undefined && path !== '' && existsSync(path),
);

/** Runs tests in a real browser, or says why not. `REQUIRE_CHROMIUM=1` lets none be skipped. */
export function describeInBrowser(name: string, tests: () => void): void {
  const missing = chromiumPath === undefined && process.env['REQUIRE_CHROMIUM'] !== '1';
  if (missing) {
    const why = 'no Chromium: install it, or set CHROMIUM_PATH';
    process.stdout.write(`skipped: ${name}: ${why}\n`);
  }
  describe.skipIf(missing)(name, tests);
}

/** A browser without a window. Its sandbox cannot be had as root. */
export async function startChromium(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('REQUIRE_CHROMIUM is set, but there is none');
  const root = process.getuid?.() === 0;
  return chromium.launch({
    executablePath: chromiumPath,
    args: root ? ['--no-sandbox', '--disable-dev-shm-usage'] : [],
  });
}
