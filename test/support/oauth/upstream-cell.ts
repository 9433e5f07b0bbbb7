import { SessionServiceService as Sessions } from '#proto/ledgate/identity/v1/session.js';
import {
  UpstreamServiceService as Upstreams,
  type UpstreamProvider,
} from '#proto/ledgate/identity/v1/upstream.js';
import type { IdentityConfig } from '#services/identity/config.js';
import type { IdentityInjection } from '#services/identity/main.js';
import { sampleProvider } from '../identity/sample-upstream.js';
import { Browser, type Page } from './browser.js';
import { startHostileProvider, type HostileProvider } from './hostile-provider.js';
import { startOauthCell, type OauthCell } from './oauth-cell.js';
import { startRealProvider, type RealProvider } from './real-provider.js';

/** A cell whose tenant `acme` has two providers: `corp`, which is honest, and `evil`. */
export class UpstreamCell {
  readonly cell: OauthCell;
  readonly corp: RealProvider;
  readonly hostile: HostileProvider;

  private constructor(cell: OauthCell, corp: RealProvider, hostile: HostileProvider) {
    this.cell = cell;
    this.corp = corp;
    this.hostile = hostile;
  }

  static async start(
    change: Partial<IdentityConfig> = {},
    injection: IdentityInjection = {},
  ): Promise<UpstreamCell> {
    const cell = await startOauthCell('acme', { upstreamPrivate: true, ...change }, injection);
    const corp = await startRealProvider(`${cell.issuer}/t/acme/upstream/corp/callback`);
    const it = new UpstreamCell(cell, corp, await startHostileProvider());
    await it.set('corp', { issuer: corp.issuer, makesAccounts: true }, corp.secret);
    await it.set('evil', { issuer: it.hostile.issuer });
    return it;
  }

  async stop(): Promise<void> {
    await Promise.all([this.cell.stop(), this.corp.close(), this.hostile.close()]);
  }

  /** The hostile provider is as honest as any. */
  calm(): void {
    Object.assign(this.hostile, { says: {}, discovery: {}, forges: false });
  }

  set(provider: string, change: Partial<UpstreamProvider>, clientSecret = '') {
    const scopes = ['openid', 'email', 'profile'];
    const given = { provider, displayName: `The ${provider}`, clientId: 'us', scopes };
    const oneFactor = { twoFactorAcrs: [], twoFactorAmrs: [] };
    const whole = { ...sampleProvider, ...oneFactor, ...given, ...change };
    const request = { provider: whole, clientSecret };
    return this.cell.world.call(Upstreams.setUpstreamProvider, request, this.cell.tenant.admin);
  }

  browser(): Browser {
    return new Browser(this.cell.issuer);
  }

  async viaCorp(browser: Browser, subject: string): Promise<Page> {
    const location = await leave(browser, 'corp');
    return arrive(browser, await this.corp.authorize(location.href, subject));
  }

  /** What the hostile provider answers to where it was asked, with what a test changes. */
  backFromEvil(location: URL, change: Record<string, string> = {}): string {
    const { state = '', nonce = '' } = Object.fromEntries(location.searchParams);
    this.hostile.nonce = nonce;
    const query = new URLSearchParams({ code: 'c', state, iss: this.hostile.issuer, ...change });
    return `${location.searchParams.get('redirect_uri')}?${query.toString()}`;
  }

  async viaEvil(change: Record<string, string> = {}, browser = this.browser()) {
    const back = this.backFromEvil(await leave(browser, 'evil'), change);
    return { browser, back, page: await arrive(browser, back) };
  }

  ownSessions(browser: Browser) {
    return this.cell.world.call(Sessions.listSessions, {}, sessionOf(browser));
  }

  links(token: string) {
    return this.cell.world.call(Upstreams.listExternalIdentities, {}, token);
  }
}

/** Out to a provider: where the browser is sent. */
export async function leave(browser: Browser, provider: string, query = ''): Promise<URL> {
  const location = await browser.open(`/t/acme/upstream/${provider}${query}`);
  if (!(location instanceof URL)) throw new Error(`not sent anywhere: ${location.status}`);
  return location;
}

export async function arrive(browser: Browser, url: URL | string): Promise<Page> {
  const page = await browser.open(url);
  if (page instanceof URL) throw new Error(`sent on to ${page.href}`);
  return page;
}

export function sessionOf(browser: Browser): string {
  return browser.cookie('ledgate') ?? '';
}
