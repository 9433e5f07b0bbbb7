import type { EndpointRule } from '#libs/events/catalogue.js';

import { RuleTable } from '../endpoint/rule-table.js';

export interface StoredRule {
  readonly rule: EndpointRule;
  /** Position of the event that set it. */
  readonly position: number;
}

/** The endpoint rules of one API of a tenant. */
export class Api {
  readonly name: string;
  /** By protocol, method and template. */
  readonly rules = new Map<string, StoredRule>();
  /** Position of the event that last changed any of them. */
  changedAt = -1;

  #table: RuleTable | undefined;
  #tableOf = -1;

  constructor(name: string) {
    this.name = name;
  }

  /** Made once for each change of the rules. */
  get table(): RuleTable {
    if (this.#table === undefined || this.#tableOf !== this.changedAt) {
      this.#table = new RuleTable([...this.rules.values()].map(({ rule }) => rule));
      this.#tableOf = this.changedAt;
    }
    return this.#table;
  }
}
