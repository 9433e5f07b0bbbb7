/** What an endpoint answered to a form. */
export interface FormAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Posts this text as it is: no client library would send most of these. */
export async function postForm(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<FormAnswer> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await fetch(url, { method: 'POST', headers: { ...type, ...headers }, body });
  const text = await answer.text();
  const parsed = text === '' ? {} : (JSON.parse(text) as FormAnswer['body']);
  return { status: answer.status, headers: answer.headers, body: parsed };
}

export function basic(text: string): { readonly authorization: string } {
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` };
}
