/** Between two polls of a device (RFC 8628, section 3.2: what holds where the answer names none), ms. */
const intervalMs = 5_000;
/** The way through the net takes longer one time than another, ms. */
const toleranceMs = 500;
const mostRemembered = 10_000;

/**
 * When devices asked last, at this instance: whoever does not keep the interval is told to slow down.
 * Only so many are remembered; the ones that asked least lately are forgotten first.
 */
export class DevicePolls {
  readonly #askedMs = new Map<string, number>();

  isTooSoon(deviceCode: string, nowMs: number): boolean {
    const lastMs = this.#askedMs.get(deviceCode);
    this.#askedMs.delete(deviceCode);
    this.#askedMs.set(deviceCode, nowMs);
    if (this.#askedMs.size > mostRemembered) {
      for (const [oldest] of this.#askedMs) {
        this.#askedMs.delete(oldest);
        break;
      }
    }
    return lastMs !== undefined && nowMs - lastMs < intervalMs - toleranceMs;
  }
}
