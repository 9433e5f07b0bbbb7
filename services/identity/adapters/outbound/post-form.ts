import type { PostForm } from '#services/identity/ports/delivery.js';
import { outboundRequest } from './outbound-request.js';

/** Posts forms as `outboundRequest` asks: not into this network, unless that is allowed. */
export function postFormTo(allowPrivate: boolean): PostForm {
  return async (url, form, signal) => {
    const { status } = await outboundRequest({ url, form, signal, allowPrivate });
    return status;
  };
}
