import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Fields } from '#services/identity/grpc/fields.js';

export interface Page {
  readonly size: number;
  /** Where the page before ended; `''`: the first page. */
  readonly after: string;
}

const DEFAULT_SIZE = 50;
const LARGEST_SIZE = 500;
const MAC_BYTES = 16;

/**
 * Tokens of the next page: where to go on, under a mac that binds it to the query (method, tenant
 * and filters). A token of another query, or one that was changed, is refused.
 */
export class PageTokens {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  read(
    fields: Fields,
    page: { pageSize: number; pageToken: string } | undefined,
    query: readonly string[],
  ): Page {
    const { pageSize, pageToken } = page ?? { pageSize: 0, pageToken: '' };
    if (pageSize < 0 || pageSize > LARGEST_SIZE) {
      fields.add('page.page_size', `must be from 0 to ${LARGEST_SIZE}`);
    }
    const after = pageToken === '' ? '' : this.#open(pageToken, query);
    if (after === undefined) {
      fields.add('page.page_token', 'is not the token of a page of this query');
    }
    return { size: pageSize === 0 ? DEFAULT_SIZE : pageSize, after: after ?? '' };
  }

  /** The token for what comes after `last`. */
  make(last: string, query: readonly string[]): string {
    return Buffer.concat([this.#mac(last, query), Buffer.from(last, 'utf8')]).toString('base64url');
  }

  #open(token: string, query: readonly string[]): string | undefined {
    const bytes = Buffer.from(token, 'base64url');
    if (bytes.length <= MAC_BYTES || bytes.toString('base64url') !== token) return undefined;
    const last = bytes.subarray(MAC_BYTES).toString('utf8');
    const mac = this.#mac(last, query);
    return timingSafeEqual(mac, bytes.subarray(0, MAC_BYTES)) ? last : undefined;
  }

  #mac(last: string, query: readonly string[]): Buffer {
    const input = JSON.stringify([query, last]);
    return createHmac('sha256', this.#key).update(input).digest().subarray(0, MAC_BYTES);
  }
}
