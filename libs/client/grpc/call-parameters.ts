/** The rules that an API has in Ledgate. */
export interface ApiRules {
  /** Name of the API. */
  readonly api: string;
  /**
   * Fields of the request that resource templates may name, e.g. `['order_id', 'order.id']`. Left out:
   * all short texts and numbers of the request but those whose names sound like secrets. Of a request
   * that the client streams nothing is received yet when it is judged.
   */
  readonly fields?: readonly string[] | undefined;
}

const mostParameters = 64;
const longestValue = 256;
const deepest = 3;
/** Nothing of this kind leaves the process unasked. */
const secretWords = new Set(
  'password passwd pass secret token credential credentials code pin otp key hash signature'.split(
    ' ',
  ),
);

/**
 * Values for the resource template of a rule: fields of the request by their names in the proto
 * (`order_id`) and in the generated code (`orderId`), inner ones with a dot.
 */
export function callParameters({ fields }: ApiRules, request: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  collect(request, '', '', found, 1, fields === undefined);
  if (fields === undefined) {
    return Object.fromEntries(Object.entries(found).slice(0, mostParameters));
  }
  const named = fields.slice(0, mostParameters).filter((name) => Object.hasOwn(found, name));
  return Object.fromEntries(named.map((name) => [name, found[name] as string]));
}

function collect(
  message: unknown,
  path: string,
  protoPath: string,
  into: Record<string, string>,
  depth: number,
  unasked: boolean,
): void {
  if (typeof message !== 'object' || message === null || ArrayBuffer.isView(message)) return;
  if (Array.isArray(message)) return;
  for (const [name, value] of Object.entries(message as Record<string, unknown>)) {
    if (unasked && isSecret(name)) continue;
    const own = `${path}${name}`;
    const inProto = `${protoPath}${snakeCase(name)}`;
    const text = textOf(value);
    if (text !== undefined) {
      into[own] = text;
      into[inProto] = text;
    } else if (depth < deepest) collect(value, `${own}.`, `${inProto}.`, into, depth + 1, unasked);
  }
}

function isSecret(name: string): boolean {
  return snakeCase(name)
    .split('_')
    .some((word) => secretWords.has(word));
}

function textOf(value: unknown): string | undefined {
  const isNumber = typeof value === 'number' || typeof value === 'bigint';
  const text = isNumber ? String(value) : value;
  return typeof text === 'string' && text.length <= longestValue ? text : undefined;
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
