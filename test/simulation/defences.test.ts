import { describe, expect, it } from 'vitest';
import { noFaults, type Faults } from './faults.js';
import type { AllDefences } from '../support/ledger/instance.js';
import { simulate } from './simulate.js';
import { violated, type Violation } from './violations.js';

interface Scenario {
  /** What breaks when the defence is off. */
  readonly breaks: readonly Violation[];
  /** Only these faults; default: those of the seed. */
  readonly faults?: Partial<Faults>;
  readonly window?: number;
}

/** One row a defence: what it is for. */
const scenarios: Record<keyof AllDefences, Scenario> = {
  macCheck: { breaks: ['stuck', 'disagreements'], faults: { ...noFaults, forgeries: 12 } },
  windowCheck: { breaks: ['disagreements'], faults: { ...noFaults, delayed: 0.2 }, window: 16 },
  chainCheck: { breaks: ['disagreements'], faults: { cuts: 2, delayed: 0.1 } },
  chainOverAll: { breaks: ['lost', 'disagreements'] },
  conflictCheck: { breaks: ['skews', 'disagreements', 'lost'] },
  historyCheck: { breaks: ['lost', 'disagreements'], faults: { cuts: 2 } },
  readBack: { breaks: ['lost'] },
  fence: { breaks: ['zombies'], faults: { ...noFaults, delayed: 0.25, refused: 0.4 } },
  lookUp: { breaks: ['doubled'] },
  commandKey: { breaks: ['doubled'], faults: { delayed: 0.15, replyLost: 0.15 } },
  trackedReads: { breaks: ['skews'] },
};

const seeds = 60;

describe('each defence is needed', () => {
  for (const [name, scenario] of Object.entries(scenarios)) {
    const { breaks, ...options } = scenario;
    it(`${name}: without it ${breaks.join(' or ')} within ${seeds} seeds`, async () => {
      let caught: Violation[] = [];
      for (let seed = 1; seed <= seeds && caught.length === 0; seed++) {
        const found = await simulate(seed, { ...options, defences: { [name]: false } });
        caught = violated(found).filter((violation) => breaks.includes(violation));
        const armed = await simulate(seed, options);
        expect(violated(armed), `seed ${seed} with all defences`).toEqual([]);
      }
      expect(caught).not.toEqual([]);
    }, 120_000);
  }
});
