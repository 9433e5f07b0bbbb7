import { DocumentKind } from '#libs/decider/documents.js';
import type { DocumentWriter } from '#libs/decider/documents.js';
import { presentFields } from '#libs/decider/present-fields.js';
import type { DomainEvent, EndpointRule } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

export interface ApiDocument {
  /** Of the file that they were last read from; `''`: they were set one by one since. */
  readonly sourceDigest: string;
  readonly rules: readonly EndpointRule[];
}

/** All rules of an API, under its name: they are replaced together. No document: no rules. */
export const apis = new DocumentKind<ApiDocument>('api');

export type EndpointRuleEvent = Extract<
  DomainEvent,
  { type: 'EndpointRuleSet' | 'EndpointRuleRemoved' | 'EndpointRulesReplaced' }
>;

type Place = Pick<EndpointRule, 'protocol' | 'method' | 'template'>;

export function isSamePlace(a: Place, b: Place): boolean {
  return a.protocol === b.protocol && a.method === b.method && a.template === b.template;
}

export function evolveEndpointRule(
  event: EndpointRuleEvent,
  to: DocumentWriter,
  { tenant }: EventContext,
): void {
  const { api } = event;
  const before = apis.read(to, tenant, api)?.rules ?? [];
  switch (event.type) {
    case 'EndpointRuleSet': {
      const others = before.filter((one) => !isSamePlace(one, event.rule));
      return put(to, tenant, api, { sourceDigest: '', rules: [...others, event.rule] });
    }
    case 'EndpointRuleRemoved': {
      const rules = before.filter((one) => !isSamePlace(one, event));
      return put(to, tenant, api, { sourceDigest: '', rules });
    }
    case 'EndpointRulesReplaced': {
      const { sourceDigest, rules } = event;
      return put(to, tenant, api, { sourceDigest, rules });
    }
  }
}

function put(to: DocumentWriter, tenant: string, api: string, document: ApiDocument): void {
  if (document.rules.length === 0) apis.remove(to, tenant, api);
  else apis.put(to, tenant, api, { ...document, rules: document.rules.map(presentFields) });
}
