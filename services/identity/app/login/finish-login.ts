import type { IdentityParts } from '#services/identity/app/identity-parts.js';
import { withCloneDetection } from '#services/identity/app/login/answer-factor.js';
import { sealDevice } from '#services/identity/app/login/device-token.js';
import type { VerifiedLogin } from '#services/identity/app/login/verified-login.js';
import { startSession, type StartedSession } from '#services/identity/app/sessions.js';
import type { SessionSource } from '#services/identity/ports/session-secrets.js';

export interface FinishedLogin extends StartedSession {
  /** For the next log-in from this device. */
  readonly deviceToken: string;
}

/** Begins the session of a log-in: the record in which everything that was proved is used up. */
export async function finishLogin(
  parts: IdentityParts,
  login: VerifiedLogin,
  given: { readonly source: SessionSource; readonly client?: string; readonly remember: boolean },
): Promise<FinishedLogin> {
  const { device, keptDevice, ...start } = login;
  const { source, client } = given;
  const started = await withCloneDetection(parts, login, () =>
    startSession(parts, { ...start, source, client }),
  );
  // Who did not prove a second factor just now must not be spared it for longer.
  const remember = given.remember && login.amr.includes('mfa');
  const deviceToken = keptDevice ?? sealDevice(parts, login, remember, device);
  return { ...started, deviceToken };
}
