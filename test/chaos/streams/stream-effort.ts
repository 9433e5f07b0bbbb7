const long = process.env['CHAOS'] === 'long';

/** Seconds by default; `CHAOS=long` is the whole of what is promised. */
export const streamEffort = long
  ? { events: 100_000, kills: 200, killsApart: 10, longestLifeMs: 1_500 }
  : { events: 3_000, kills: 8, killsApart: 3, longestLifeMs: 300 };
