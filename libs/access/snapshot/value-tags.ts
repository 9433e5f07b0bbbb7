/** First byte of each value in a snapshot; lengths and counts follow as 32 bits, little-endian. */
export const tag = {
  undefined: 0,
  null: 1,
  false: 2,
  true: 3,
  int32: 4,
  float64: 5,
  /** One byte a UTF-16 code unit: all of them are below 256. */
  text8: 6,
  /** Two bytes a code unit: exact for any text. */
  text16: 7,
  array: 8,
  map: 9,
  set: 10,
  object: 11,
  instance: 12,
  numbers: 13,
  /** A plain object or instance that was written before. */
  again: 14,
} as const;

export type Numbers = Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array;

/** Typed arrays by the number that names them in a snapshot. */
export const numberKinds = [
  Int32Array,
  Uint32Array,
  Uint16Array,
  Uint8Array,
  Float64Array,
] as const;

/** A class whose instances are written as their own fields; the number of it names it. */
export interface StoredClass {
  readonly type: abstract new (...args: never[]) => object;
  /** An instance whose fields are then set. */
  make(): object;
}
