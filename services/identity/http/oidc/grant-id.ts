/**
 * The engine's "grant" is nothing that is kept: it is made anew, whenever it is asked for, from the
 * consent that stands in ledger L. Its id says whose, and for which client.
 */
export interface GrantId {
  readonly principal: string;
  readonly client: string;
}

export function grantIdText({ principal, client }: GrantId): string {
  return `${principal}.${client}`;
}

export function parseGrantId(text: string): GrantId | undefined {
  const [principal, client, ...rest] = text.split('.');
  if (principal === undefined || client === undefined || rest.length > 0) return undefined;
  return { principal, client };
}
