import { limits } from '#services/authorizer/app/limits.js';
import type { WireReader } from './wire-reader.js';
import type { WireEndpoint } from './wire-question.js';

type Call = NonNullable<WireEndpoint['call']>;

/** Tags: field number × 8 + wire type. */
const field1 = 10;
const field2 = 18;
const field3 = 26;
const field4 = 34;
const field5 = 42;

/** `Endpoint`. Parameters beyond what is allowed are not kept, but for the one that shows it. */
export function readEndpoint(from: WireReader, end: number): WireEndpoint {
  let api = '';
  let call: Call | undefined;
  let tenant = '';
  const parameters = new Map<string, string>();
  while (from.at < end) {
    const tag = from.tag(end);
    if (tag === field1) api = from.text(end);
    else if (tag === field2) call = { kind: 'GRPC', method: from.text(end) };
    else if (tag === field3) call = httpCall(from, from.nested(end));
    else if (tag === field4) parameter(from, from.nested(end), parameters);
    else if (tag === field5) tenant = from.text(end);
    else from.skip(tag, end);
  }
  return { api, call, parameters, tenant };
}

/** `HttpCall`. */
function httpCall(from: WireReader, end: number): Call {
  let method = '';
  let path = '';
  while (from.at < end) {
    const tag = from.tag(end);
    if (tag === field1) method = from.text(end);
    else if (tag === field2) path = from.text(end);
    else from.skip(tag, end);
  }
  return { kind: 'HTTP', method, path };
}

/** One entry of a map: a message of key and value. */
function parameter(from: WireReader, end: number, into: Map<string, string>): void {
  let key = '';
  let value = '';
  while (from.at < end) {
    const tag = from.tag(end);
    if (tag === field1) key = from.text(end);
    else if (tag === field2) value = from.text(end);
    else from.skip(tag, end);
  }
  if (into.size <= limits.parameters || into.has(key)) into.set(key, value);
}
