import type { DeviceFacts } from './oauth-ledger.js';
import type { DevicePolls } from './device-polls.js';
import { familyAnswer } from './family-answer.js';
import { neededParam } from './form-request.js';
import { invalidGrant, throwGrantProblem } from './grant-problem.js';
import { confirmationText, keyBinding } from './key-binding.js';
import type { OauthParts } from './oauth-parts.js';
import { OauthError } from './oauth-error.js';
import { requireGrantedTarget } from './requested-target.js';
import type { Grant, GrantRequest, TokenAnswer } from './token-parts.js';

/** RFC 8628, section 3.4: the device asks until somebody has answered, and takes the answer once. */
export function deviceCode(polls: DevicePolls): Grant {
  return (parts, asked) => takeAnswer(parts, asked, polls);
}

async function takeAnswer(
  parts: OauthParts,
  asked: GrantRequest,
  polls: DevicePolls,
): Promise<TokenAnswer> {
  const { form, acting } = asked;
  const { ledger, clock } = parts;
  const code = neededParam(form, 'device_code');
  const device = await ledger.device(acting.client, code);
  if (device === undefined) throw invalidGrant('there is no such device code of this client');
  requireAnswer(device, clock.wallMs(), () => polls.isTooSoon(code, clock.wallMs()));
  const binding = keyBinding(asked);
  const { audience, approved } = device;
  requireGrantedTarget(parts, asked, audience);
  const scopes = approved?.scopes ?? [];
  const confirmation = confirmationText(binding);
  const issued = await ledger
    .redeemDevice(acting.client, code, { scopes, audience, confirmation })
    .catch(throwGrantProblem);
  return familyAnswer(parts, asked, { issued, scopes, binding });
}

/** RFC 8628, section 3.5. */
function requireAnswer(device: DeviceFacts, nowMs: number, isTooSoon: () => boolean): void {
  if (device.expiresAtMs <= nowMs) {
    throw new OauthError('expired_token', 'the device code has expired');
  }
  if (device.status === 'DENIED') throw new OauthError('access_denied', 'denied by the user');
  if (device.status !== 'PENDING') return;
  if (isTooSoon()) {
    throw new OauthError('slow_down', 'wait five seconds longer between two requests');
  }
  throw new OauthError('authorization_pending', 'nobody has answered yet');
}
