import { DeliveryRefused } from './transport.js';

const TIMEOUT_MS = 10_000;

/** Posts once, follows nothing. 4xx is a refusal but for those that ask to come again (RFC 9110). */
export async function post(
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers,
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await answer.body?.cancel();
  if (answer.ok) return;
  const { status } = answer;
  const later = status >= 500 || [401, 403, 408, 425, 429].includes(status);
  if (later) throw Object.assign(new Error('not taken'), { responseCode: status });
  throw new DeliveryRefused(`answer ${status}`);
}
