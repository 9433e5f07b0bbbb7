import { createHash } from 'node:crypto';
import { Session } from 'node:inspector';

const ask = new Session();
ask.connect();
const inbox: { value: unknown; out: unknown[] } = { value: undefined, out: [] };
Reflect.set(globalThis, '__wholeState', inbox);

/**
 * Everything that an object holds, private fields too, as plain values to compare: whatever a class
 * keeps and a snapshot forgets shows here. `leaveOut` names fields (`Role.#bits`) that are no state.
 */
export function wholeState(value: unknown, leaveOut: ReadonlySet<string>): unknown {
  return copy(value, leaveOut, new Map());
}

function copy(value: unknown, leaveOut: ReadonlySet<string>, seen: Map<object, string>): unknown {
  if (typeof value === 'function') return '(function)';
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return digestOf(value);
  // Arrays that two hold are lists that nobody changes: whether they are one and the same is no state.
  if (Array.isArray(value)) return value.map((part) => copy(part, leaveOut, seen));
  const known = seen.get(value);
  if (known !== undefined) return `(again ${known})`;
  seen.set(value, `${seen.size}`);
  const deeper = (part: unknown): unknown => copy(part, leaveOut, seen);
  if (value instanceof Map) return [...value].map(([key, part]) => [deeper(key), deeper(part)]);
  if (value instanceof Set) return [...value].map(deeper);
  const name = value.constructor.name;
  const plain = Object.getPrototypeOf(value) === Object.prototype;
  const fields = [...Object.entries(value), ...(plain ? [] : privateFields(value))];
  const kept = fields.filter(([field]) => !leaveOut.has(`${name}.${field}`));
  return { '(class)': name, ...Object.fromEntries(kept.map(([key, part]) => [key, deeper(part)])) };
}

/** Arrays of numbers are long: compared by kind, length and digest. */
function digestOf(value: ArrayBufferView): string {
  const digest = createHash('sha256')
    .update(value as NodeJS.ArrayBufferView)
    .digest('hex');
  return `${value.constructor.name} of ${value.byteLength} bytes: ${digest}`;
}

interface Remote {
  readonly objectId?: string;
  readonly value?: unknown;
  readonly unserializableValue?: string;
}

/** The language hides them; the debugger does not. */
function privateFields(owner: object): [string, unknown][] {
  inbox.value = owner;
  const { result } = post<{ result: Remote }>('Runtime.evaluate', {
    expression: 'globalThis.__wholeState.value',
  });
  const { privateProperties = [] } = post<{
    privateProperties?: { name: string; value?: Remote }[];
  }>('Runtime.getProperties', { objectId: result.objectId, ownProperties: true });
  return privateProperties.flatMap(({ name, value }) =>
    value === undefined ? [] : [[name, real(value)] as [string, unknown]],
  );
}

function real({ objectId, value, unserializableValue }: Remote): unknown {
  if (objectId === undefined) return unserializableValue ?? value;
  inbox.out = [];
  post('Runtime.callFunctionOn', {
    objectId,
    functionDeclaration: 'function () { globalThis.__wholeState.out.push(this); }',
  });
  return inbox.out[0];
}

function post<T>(method: string, params: object): T {
  let answer: T | undefined;
  let failure: Error | null = null;
  ask.post(method, params, (error, result) => {
    failure = error;
    answer = result as T;
  });
  if (failure !== null) throw new Error(`${method} failed`, { cause: failure });
  return answer as T;
}
