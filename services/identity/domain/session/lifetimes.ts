const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/**
 * Defaults of tenants. NIST SP 800-63B-4, 2.1.3 asks for at most 30 days over all; ASVS 5.0, 7.3
 * asks for an idle and an absolute lifetime that are written down.
 */
export const defaultIdleMs = 12 * hour;
export const defaultLifetimeMs = 30 * day;
/** No session lasts longer; ledger S is kept for longer than this. */
export const longestSessionMs = 365 * day;
export const defaultMostSessions = 20;

/** Sessions that one record ends: it holds at most 255 keys. */
export const mostEnded = 40;

/** A session is not extended more often than this. */
export const extensionStepMs = 5 * minute;
/** A lost reply to a rotation is forgiven for so long. */
export const defaultRefreshGraceMs = 10 * second;
/** So long a refresh is answered while the ledger cannot be reached. */
export const defaultOutageGraceMs = 15 * minute;
/** RFC 6749, 4.1.2 allows 10 minutes; a redirect takes seconds. */
export const codeLifetimeMs = minute;

/** Clocks of writers differ by less than this. */
export const sweepMarginMs = hour;
/** A step of an authenticator app is minutes old at most when it is compared. */
export const stepMemoryMs = day;
