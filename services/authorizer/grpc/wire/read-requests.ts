import type {
  Credential,
  Possession,
  PresentedProof,
  Subject,
} from '#services/authorizer/app/question.js';
import { readEndpoint } from './read-endpoint.js';
import { WireReader } from './wire-reader.js';
import type {
  Empty,
  WireAuthentication,
  WireBatch,
  WireConsistency,
  WireEndpoint,
  WireQuestion,
  WireWho,
} from './wire-question.js';

/**
 * Decoders, by hand, of the three requests that are asked most. They agree with the generated code on
 * every message that both accept (unknown fields are passed over; of a repeated field, and of a oneof,
 * the last one counts), which a differential test holds them to. Refusals are `MalformedMessage`.
 */

const reader = new WireReader();
const empty: Empty = Object.freeze({ kind: 'EMPTY' });

/** Tags: field number × 8 + wire type. */
const field1 = 10;
const field2 = 18;
const field3 = 26;
const field4 = 34;
const field5 = 42;
const field6 = 50;
const bool1 = 8;
const bool3 = 24;

/** `AuthorizeRequest`. */
export function readQuestion(bytes: Buffer): WireQuestion {
  reader.start(bytes);
  return question(reader, reader.length);
}

/** `BatchAuthorizeRequest`. Questions beyond `most` are counted, not kept. */
export function readBatch(bytes: Buffer, most: number): WireBatch & { readonly count: number } {
  reader.start(bytes);
  const end = reader.length;
  const questions: WireQuestion[] = [];
  let count = 0;
  let freshness: WireConsistency;
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === field1) {
      const stop = reader.nested(end);
      count += 1;
      const one = question(reader, stop);
      if (count <= most) questions.push(one);
    } else if (tag === field2) freshness = consistency(reader, reader.nested(end));
    else reader.skip(tag, end);
  }
  return { questions, consistency: freshness, count };
}

/** `AuthenticateRequest`. */
export function readAuthentication(bytes: Buffer): WireAuthentication {
  reader.start(bytes);
  const end = reader.length;
  let who: WireWho;
  let freshness: WireConsistency;
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === field1) who = credential(reader, reader.nested(end));
    else if (tag === field2) freshness = consistency(reader, reader.nested(end));
    else reader.skip(tag, end);
  }
  return { credential: who, consistency: freshness };
}

function question(from: WireReader, end: number): WireQuestion {
  let who: WireWho;
  let action = '';
  let resource = '';
  let freshness: WireConsistency;
  let endpoint: WireEndpoint | undefined;
  while (from.at < end) {
    const tag = from.tag(end);
    if (tag === field2) who = subject(from, from.nested(end));
    else if (tag === field3) action = from.text(end);
    else if (tag === field4) resource = from.text(end);
    else if (tag === field1) who = credential(from, from.nested(end));
    else if (tag === field5) freshness = consistency(from, from.nested(end));
    else if (tag === field6) endpoint = readEndpoint(from, from.nested(end));
    else from.skip(tag, end);
  }
  return { who, action, resource, consistency: freshness, endpoint };
}

function subject(from: WireReader, end: number): Subject {
  let tenant = '';
  let principal = '';
  while (from.at < end) {
    const tag = from.tag(end);
    if (tag === field1) tenant = from.text(end);
    else if (tag === field2) principal = from.text(end);
    else from.skip(tag, end);
  }
  return { kind: 'SUBJECT', tenant, principal };
}

function credential(from: WireReader, end: number): Credential | Empty {
  let found: Credential | Empty = empty;
  let proof: Possession | undefined;
  while (from.at < end) {
    const tag = from.tag(end);
    if (tag === field1) found = { kind: 'TOKEN', text: from.text(end) };
    else if (tag === field2) found = { kind: 'API_KEY', text: from.text(end) };
    else if (tag === field3) found = basic(from, from.nested(end));
    else if (tag === field4) found = { kind: 'SESSION', text: from.text(end) };
    else if (tag === field5) proof = possession(from, from.nested(end));
    else from.skip(tag, end);
  }
  return proof === undefined || found.kind !== 'TOKEN' ? found : { ...found, proof };
}

function possession(from: WireReader, end: number): Possession {
  let certificateSha256 = '';
  let verifiedJkt = '';
  let proof: PresentedProof | undefined;
  while (from.at < end) {
    const tag = from.tag(end);
    if (tag === field1) certificateSha256 = from.text(end);
    else if (tag === field2) proof = dpop(from, from.nested(end));
    else if (tag === field3) verifiedJkt = from.text(end);
    else from.skip(tag, end);
  }
  return { certificateSha256, dpop: proof, verifiedJkt };
}

function dpop(from: WireReader, end: number): PresentedProof {
  let proof = '';
  let httpMethod = '';
  let httpUri = '';
  while (from.at < end) {
    const tag = from.tag(end);
    if (tag === field1) proof = from.text(end);
    else if (tag === field2) httpMethod = from.text(end);
    else if (tag === field3) httpUri = from.text(end);
    else from.skip(tag, end);
  }
  return { proof, httpMethod, httpUri };
}

function basic(from: WireReader, end: number): Credential {
  let tenant = '';
  let username = '';
  let password = '';
  while (from.at < end) {
    const tag = from.tag(end);
    if (tag === field1) tenant = from.text(end);
    else if (tag === field2) username = from.text(end);
    else if (tag === field3) password = from.text(end);
    else from.skip(tag, end);
  }
  return { kind: 'BASIC', tenant, username, password };
}

function consistency(from: WireReader, end: number): WireConsistency {
  let found: WireConsistency = empty;
  while (from.at < end) {
    const tag = from.tag(end);
    if (tag === bool1) found = { kind: 'MINIMIZE_LATENCY', value: from.bool(end) };
    else if (tag === field2) found = { kind: 'AT_LEAST_AS_FRESH', token: from.text(end) };
    else if (tag === bool3) found = { kind: 'FULLY_CONSISTENT', value: from.bool(end) };
    else from.skip(tag, end);
  }
  return found;
}
