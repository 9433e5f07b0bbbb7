/**
 * A value that is mostly there already. Answers from memory go all the way in one turn of the event
 * loop; a promise appears only where something has to be waited for.
 */
export type AtOnce<T> = T | Promise<T>;

/** Goes on with the value: at once where it is there. */
export function andThen<T, R>(value: AtOnce<T>, next: (value: T) => AtOnce<R>): AtOnce<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
