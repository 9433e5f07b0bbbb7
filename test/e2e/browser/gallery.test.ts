import { serve, type ServerType } from '@hono/node-server';
import type { AddressInfo } from 'node:net';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser, startChromium } from '../../support/browser/chromium.js';
import { examinedPage, type ExaminedPage } from '../../support/browser/examined-page.js';
import { galleryApp, galleryPages } from '../../support/browser/gallery.js';

describeInBrowser('every page, light and dark, on desk and phone', () => {
  let browser: Browser;
  let server: ServerType;
  let examined: ExaminedPage;
  let base: string;

  beforeAll(async () => {
    browser = await startChromium();
    examined = await examinedPage(await browser.newContext());
    server = await new Promise<ServerType>((resolve) => {
      const opened = serve({ fetch: galleryApp().fetch, port: 0, hostname: '127.0.0.1' }, () =>
        resolve(opened),
      );
    });
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await browser.close();
    server.close();
  });

  it('would tell: a page without a name, a language and a label', async () => {
    const { page } = examined;
    await page.setContent('<html><body><input></body></html>');
    const found = (await examined.violations('bad')).join('\n');
    for (const rule of ['document-title', 'html-has-lang', 'label']) expect(found).toContain(rule);
  });

  it.each(Object.keys(galleryPages('en')))('%s breaks no rule of accessibility', async (name) => {
    await examined.page.goto(`${base}/en/${name}`);
    expect(await examined.examine(`${name}-en`)).toEqual([]);
    await examined.page.goto(`${base}/de/${name}`);
    await examined.page.setViewportSize({ width: 320, height: 700 });
    expect(await examined.violations(`${name}-de`)).toEqual([]);
    expect(examined.errors).toEqual([]);
  });
});
