/** Passwords that everybody tries first. */
export interface BlockList {
  /** `folded`: NFKC, lower case. */
  has(folded: string): boolean;
}
