import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import type { BrowserSession } from '../browser-session.js';
import type { Csrf } from '../csrf.js';
import type { Interactions } from '../oidc/interactions.js';

/** What pages work with. */
export interface PagesContext {
  readonly parts: IdentityParts;
  readonly interactions: Interactions;
  readonly browserSession: BrowserSession;
  readonly csrf: Csrf;
  /** Where this is served. */
  readonly issuer: URL;
  /** Address of whoever asks, behind trusted proxies: for the brakes on guessing. */
  readonly sourceOf: (c: Parameters<Interactions['details']>[0]) => string;
}
