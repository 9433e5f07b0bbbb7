import type { Context } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import { enrolled } from '#services/identity/app/factors/enrolled.js';
import { generateRecoveryCodes } from '#services/identity/app/factors/recovery-codes.js';
import { ownCall } from '#services/identity/app/session-standing.js';
import { finish, type LoginPlace } from '../login/login-place.js';
import type { PagesContext } from '../pages-context.js';
import { RecoveryCodesPage } from './enrol-pages.js';
import type { Enrolled } from './enrol-routes.js';

/** A login that demanded a factor is over with it; recovery codes are shown on the way out. */
export async function afterEnrolment(
  pages: PagesContext,
  c: Context,
  place: LoginPlace,
  given: Enrolled,
): Promise<Response> {
  const { owner, view, executed } = given;
  const { login } = enrolled(owner, executed);
  if (login === undefined) throw new Failure('WRONG_STATE', 'no login demands this');
  const onward = await finish(pages, c, place, login);
  const { tenant, principal } = owner;
  const call = ownCall({ tenant, principal }, { reason: 'recovery codes' });
  const { codes } = await generateRecoveryCodes(pages.parts, call, principal);
  const next = onward.headers.get('location') ?? place.tenant.path;
  return c.html(<RecoveryCodesPage {...{ view, codes, next }} />);
}
