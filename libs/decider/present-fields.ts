/** The fields that are there: a document is what JSON keeps of it, and JSON has no `undefined`. */
export function presentFields<T extends object>(fields: T): T {
  const present: Record<string, unknown> = {};
  for (const name in fields) {
    const value: unknown = fields[name];
    if (value !== undefined) present[name] = value;
  }
  return present as T;
}
