/** Codes that are sent to people, and what is kept of them. */
export interface OneTimeCodes {
  /** Six random digits. */
  newCode(): string;
  /** Ten random codes of 80 bits each, in groups that can be read aloud. */
  newRecoveryCodes(): readonly string[];
  /**
   * Keyed hash of an answer to one challenge, base64url. Six digits are soon tried out: without the key
   * the ledger does not tell them.
   */
  hash(challenge: string, answer: string): string;
}
