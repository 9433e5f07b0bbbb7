import type { DomainEvent, EndpointRule } from '#libs/events/catalogue.js';
import type { EventContext } from '#libs/events/envelope.js';

import { Api } from './api.js';
import type { ViewState } from './view-state.js';

type RuleEvent = Extract<
  DomainEvent,
  { type: 'EndpointRuleSet' | 'EndpointRuleRemoved' | 'EndpointRulesReplaced' }
>;

/** Removing a rule that is not there does nothing. */
export function applyEndpointRule(state: ViewState, event: RuleEvent, ctx: EventContext): void {
  const { apis } = state.ownTenant(ctx.tenant);
  const api = apis.get(event.api) ?? new Api(event.api);
  apis.set(event.api, api);
  api.changedAt = ctx.position;
  switch (event.type) {
    case 'EndpointRuleSet':
      api.rules.set(placeOf(event.rule), { rule: event.rule, position: ctx.position });
      return;
    case 'EndpointRuleRemoved':
      api.rules.delete(placeOf(event));
      break;
    case 'EndpointRulesReplaced':
      api.rules.clear();
      for (const rule of event.rules) {
        api.rules.set(placeOf(rule), { rule, position: ctx.position });
      }
  }
  if (api.rules.size === 0) apis.delete(event.api);
}

function placeOf(rule: Pick<EndpointRule, 'protocol' | 'method' | 'template'>): string {
  return `${rule.protocol} ${rule.method} ${rule.template}`;
}
