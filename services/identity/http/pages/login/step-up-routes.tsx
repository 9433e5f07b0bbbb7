import type { Context, Hono } from 'hono';
import { documentsOf } from '#services/identity/app/accounts.js';
import { factorChoices, type FactorChoice } from '#services/identity/app/login/account-factors.js';
import { chooseFactor } from '#services/identity/app/login/answer-factor.js';
import { beginStepUp, stepUp, type StepUpAnswer } from '#services/identity/app/login/step-up.js';
import type { Session } from '#services/identity/app/sessions.js';
import { stepUpUpstreams } from '#services/identity/app/upstream/own-links.js';
import { stepUpByUpstream } from '#services/identity/app/upstream/step-up-upstream.js';
import { passwords } from '#services/identity/domain/password/state.js';
import { contentSecurityPolicy } from '../../security-headers.js';
import { fieldsOf, viewOf, type Fields } from '../page-request.js';
import type { PagesContext } from '../pages-context.js';
import { refusalOf } from '../refusal.js';
import type { Said, View } from '../view/view.js';
import {
  AnswerFactorPage,
  ChooseFactorPage,
  ElsewherePage,
  type LoginFrame,
} from './login-pages.js';
import { frameOf, type LoginPlace } from './login-place.js';
import { takeReturn } from './upstream-routes.js';

/** Where somebody who is logged in proves it again, or more strongly. */
export interface StepUpPlace extends LoginPlace {
  readonly session: Session;
}

interface At {
  readonly pages: PagesContext;
  readonly c: Context;
  readonly place: StepUpPlace;
  readonly view: View;
  readonly fields: Fields;
}

type Kind = FactorChoice['kind'] | 'PASSWORD';
type Status = 200 | 403 | 404 | 422 | 429 | 503;
const kinds: readonly string[] = ['PASSKEY', 'TOTP', 'SMS', 'EMAIL', 'RECOVERY_CODE', 'PASSWORD'];

/** The steps of stepping up at `path`. `placeOf` rejects where nobody is logged in. */
export function addStepUpRoutes(
  app: Hono,
  pages: PagesContext,
  path: string,
  placeOf: (c: Context, fields: Fields) => Promise<StepUpPlace>,
): void {
  const step = (below: string, run: (at: At) => Promise<Response>): void => {
    app.post(`${path}${below}`, async (c) => {
      const fields = await fieldsOf(pages, c);
      const place = await placeOf(c, fields);
      const view = viewOf(pages, c, place.tenant.name, place.uiLocales);
      c.header('content-security-policy', contentSecurityPolicy(place.formOrigins));
      const at = { pages, c, place, view, fields };
      try {
        return await run(at);
      } catch (error) {
        const { said, status } = refusalOf(error, view.t, 'error.code');
        return startStepUp(at, said, status);
      }
    });
  };
  step('/factors', (at) => Promise.resolve(choosePage(at, at.fields('ticket'), choicesOf(at))));
  step('/choose', (at) => {
    const kind = at.fields('kind');
    return ask(at, at.fields('ticket'), kindOf(kind), at.fields('credential'));
  });
  step('/factor', answer);
  app.get(`${path}/upstream`, async (c) => {
    const place = await placeOf(c, () => '');
    const view = viewOf(pages, c, place.tenant.name, place.uiLocales);
    c.header('content-security-policy', contentSecurityPolicy(place.formOrigins));
    return fromUpstream({ pages, c, place, view, fields: () => '' });
  });
}

/** Somebody comes back from the provider that was to ask again. */
async function fromUpstream(at: At): Promise<Response> {
  const { pages, c, place, view } = at;
  const back = takeReturn(pages, c);
  try {
    const base = `${place.base}/step-up`;
    const started = await stepUpByUpstream(pages.parts, place.session, { ...back, base });
    return await place.goOn(c, started);
  } catch (error) {
    const { said, status } = refusalOf(error, view.t, 'upstream.failed');
    return startStepUp(at, said, status);
  }
}

function kindOf(text: string): Kind {
  return (kinds.includes(text) ? text : 'TOTP') as Kind;
}

/**
 * Its first page: the only factor, or a choice. A page that is only loaded sends no message: that takes
 * a form of ours.
 */
export function startStepUp(at: At, said?: Said, status: Status = 200): Promise<Response> {
  const { ticket, factors } = beginStepUp(at.pages.parts, at.place.session);
  const [first, second] = factors;
  if (first === undefined) return Promise.resolve(withoutFactors(at, ticket, said, status));
  const onlyOne = second === undefined || second.kind === 'RECOVERY_CODE';
  const sends = first.kind === 'SMS' || first.kind === 'EMAIL';
  if (onlyOne && !sends && said === undefined) return ask(at, ticket, first.kind, first.credential);
  return Promise.resolve(choosePage(at, ticket, factors, said, status));
}

function choicesOf({ pages: { parts }, place: { session } }: At): readonly FactorChoice[] {
  const view = documentsOf(parts.ledger.state);
  return factorChoices(view, session.tenant, session.principal);
}

function stepUpFrame({ pages, place, view }: At, said?: Said): LoginFrame {
  const upstreams = stepUpUpstreams(pages.parts, place.session).map(
    ({ provider, displayName: name }) => ({ href: upstreamHref(place, provider), name }),
  );
  return { ...frameOf(pages, place, view, said), base: `${place.base}/step-up`, upstreams };
}

function upstreamHref({ tenant, base }: LoginPlace, provider: string): string {
  const uid = /^\/interaction\/([\w-]+)$/u.exec(base)?.[1];
  const query = new URLSearchParams(
    uid === undefined
      ? { confirm: base.endsWith('/add') ? 'add' : 'account' }
      : { interaction: uid, 'step-up': '1' },
  );
  return `${tenant.path}/upstream/${provider}?${query.toString()}`;
}

/** The password, or the provider that is all that an account has. */
function withoutFactors(
  at: At,
  ticket: string,
  said?: Said,
  status: Status = 200,
): Response | Promise<Response> {
  const { parts } = at.pages;
  const { tenant, principal } = at.place.session;
  const password = passwords.read(documentsOf(parts.ledger.state), tenant, principal);
  const frame = stepUpFrame(at, said);
  if (password?.secret !== undefined || frame.upstreams.length === 0) {
    return passwordPage(at, ticket, said, status);
  }
  const title = at.view.t('stepUp.title');
  return at.c.html(<ElsewherePage {...{ frame, title }} />, status);
}

function choosePage(
  at: At,
  ticket: string,
  factors: readonly FactorChoice[],
  said?: Said,
  status: Status = 200,
): Response | Promise<Response> {
  const title = at.view.t('stepUp.title');
  const frame = stepUpFrame(at, said);
  return at.c.html(<ChooseFactorPage {...{ frame, title, ticket, factors }} />, status);
}

function passwordPage(
  at: At,
  ticket: string,
  said?: Said,
  status: Status = 200,
): Response | Promise<Response> {
  const asked = { ticket, kind: 'PASSWORD', credential: '', options: undefined } as const;
  return answerPage(at, asked, said, status);
}

interface Asked {
  readonly ticket: string;
  readonly kind: Kind;
  readonly credential: string;
  readonly options: string | undefined;
}

function answerPage(
  at: At,
  asked: Asked,
  said?: Said,
  status: Status = 200,
): Response | Promise<Response> {
  const frame = stepUpFrame(at, said);
  const others = choicesOf(at).length > 1;
  const title = at.view.t('stepUp.title');
  return at.c.html(
    <AnswerFactorPage {...asked} {...{ frame, title, others }} remember={false} />,
    status,
  );
}

async function ask(at: At, ticket: string, kind: Kind, credential: string): Promise<Response> {
  if (kind === 'PASSWORD' || kind === 'RECOVERY_CODE' || kind === 'TOTP') {
    return answerPage(at, { ticket, kind, credential, options: undefined });
  }
  const ready = await chooseFactor(at.pages.parts, ticket, credential);
  const options = ready.passkeyOptions === '' ? undefined : ready.passkeyOptions;
  return answerPage(at, { ticket: ready.ticket, kind, credential, options });
}

async function answer(at: At): Promise<Response> {
  const { pages, c, place, view, fields } = at;
  const [ticket, credential, kind] = [
    fields('ticket'),
    fields('credential'),
    kindOf(fields('kind')),
  ];
  const caller = { source: pages.sourceOf(c), signal: c.req.raw.signal };
  try {
    const given = answerOf(kind, credential, fields);
    const started = await stepUp(pages.parts, place.session, ticket, given, caller);
    return await place.goOn(c, started);
  } catch (error) {
    const wrong = wrongOf(kind);
    const { said, status } = refusalOf(error, view.t, wrong);
    if (said.text !== view.t(wrong)) return startStepUp(at, said, status);
    const again =
      kind === 'PASSKEY' ? await chooseFactor(pages.parts, ticket, credential) : undefined;
    const asked = { kind, credential, ticket: again?.ticket ?? ticket };
    return answerPage(at, { ...asked, options: again?.passkeyOptions }, said, status);
  }
}

function wrongOf(kind: Kind): 'error.passkey' | 'error.password' | 'error.code' {
  if (kind === 'PASSKEY') return 'error.passkey';
  return kind === 'PASSWORD' ? 'error.password' : 'error.code';
}

function answerOf(kind: Kind, credential: string, fields: Fields): StepUpAnswer {
  if (kind === 'PASSWORD') return { kind, password: fields('answer') };
  if (kind === 'PASSKEY') return { kind, json: fields('response') };
  if (kind === 'RECOVERY_CODE') return { kind, code: fields('answer') };
  return { kind: 'CODE', code: fields('answer').replaceAll(/\s/gu, ''), credential };
}
