import { afterEach } from 'vitest';
import { connectLedgate, type LedgateOptions } from '#libs/client/connect-ledgate.js';
import { type Ledgate } from '#libs/client/ledgate.js';
import { type Question } from '#libs/client/question.js';
import {
  startScriptedAuthorizer,
  type Script,
  type ScriptedAuthorizer,
} from './scripted-authorizer.js';

export interface ScriptedClients {
  /** Starts an authorizer that stops after the test. */
  readonly authorizer: (script: Script, address?: string) => Promise<ScriptedAuthorizer>;
  /** Connects a client that is closed after the test; patient, so that slow machines pass. */
  readonly client: (address: string | string[], options?: Partial<LedgateOptions>) => Ledgate;
  /** Runs after the test. */
  readonly after: (cleanUp: () => unknown) => void;
}

export function scriptedClients(): ScriptedClients {
  const cleanUps: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });
  return {
    authorizer: async (script, address) => {
      const started = await startScriptedAuthorizer(script, address);
      cleanUps.push(started.stop);
      return started;
    },
    client: (address, options) => {
      const defaults = { address, credential: 'caller', deadlineMs: 5000 };
      const ledgate = connectLedgate({ ...defaults, ...options });
      cleanUps.push(() => ledgate.close());
      return ledgate;
    },
    after: (cleanUp) => {
      cleanUps.push(cleanUp);
    },
  };
}

export const question = (resource: string): Question => ({
  credential: { apiKey: 'lgk_x' },
  action: 'orders:read',
  resource,
});
