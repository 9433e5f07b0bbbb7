import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Interactions } from './interactions.js';

/** The OAuth 2 and OpenID Connect endpoints. */
export interface OidcServer {
  readonly interactions: Interactions;
  /** Answers a request below /oauth/ or /.well-known/. Never rejects. */
  answer(request: IncomingMessage, response: ServerResponse, source: string): Promise<void>;
  close(): void;
}
