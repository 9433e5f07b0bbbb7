/** The fields that are there: a document is what JSON keeps of it, and JSON has no `undefined`. */
export function presentFields<T extends object>(fields: T): T {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as T;
}
