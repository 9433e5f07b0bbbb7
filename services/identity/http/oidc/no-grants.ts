import { errors, type Provider } from 'oidc-provider';
import { clientGrantTypes } from '#libs/events/catalogue.js';

/**
 * The engine knows which grants there are, for discovery and for what clients may be, but answers
 * none: `services/identity/http/oauth` does. Its token endpoint is not reached by its address; should
 * one be found that leads there, nothing is given.
 */
export function answerNoGrants(provider: Provider): void {
  for (const grant of clientGrantTypes) {
    provider.registerGrantType(grant, () => {
      throw new errors.UnsupportedGrantType('not here');
    });
  }
}
