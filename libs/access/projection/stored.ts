/** A part of the view that keeps its state to itself, and gives it away for a snapshot. */
export interface Stored {
  /** The whole state as plain values; not a copy: it must be written before the view goes on. */
  save(): object;
  /** Takes over what `save` of another one gave. */
  load(saved: never): void;
}

export function isStored(value: unknown): value is Stored & { load(saved: unknown): void } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'save' in value &&
    'load' in value &&
    typeof value.save === 'function' &&
    typeof value.load === 'function'
  );
}
