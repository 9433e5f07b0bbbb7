import type { Context, Hono } from 'hono';
import { Failure } from '#libs/errors/failure.js';
import {
  startOtpChannel,
  confirmOtpChannel,
} from '#services/identity/app/factors/enrol-otp-channel.js';
import { confirmPasskey, startPasskey } from '#services/identity/app/factors/enrol-passkey.js';
import { confirmTotp, startTotp } from '#services/identity/app/factors/enrol-totp.js';
import { factorOwner, type FactorOwner } from '#services/identity/app/factors/factor-owner.js';
import type { Executed } from '#services/identity/app/identity-parts.js';
import { freeText } from '#services/identity/domain/names/free-text.js';
import { defaultTotpForm } from '#services/identity/ports/totp.js';
import { fieldsOf, type Fields } from '../page-request.js';
import type { PagesContext } from '../pages-context.js';
import { refusalOf } from '../refusal.js';
import type { TextKey } from '../texts/en.js';
import type { Said, View } from '../view/view.js';
import {
  ConfirmAddressPage,
  EnrolAddressPage,
  EnrolPasskeyPage,
  EnrolTotpPage,
  type EnrolFrame,
  type EnrolKind,
} from './enrol-pages.js';
import { enrolKindOf } from './enrolment.js';

/** What is around an enrolment: the account, or a login that demands it. */
export interface EnrolPlace {
  /** Whose factor it is: of the login of a ticket, or of whoever is logged in; never of both. */
  readonly by: 'LOGIN' | 'SESSION';
  frameOf(c: Context): Promise<{
    readonly view: View;
    readonly base: string;
    readonly back: string | undefined;
  }>;
  /** The factor is there: what comes next. */
  finished(c: Context, enrolled: Enrolled): Promise<Response>;
}

export interface Enrolled {
  readonly kind: EnrolKind;
  readonly owner: FactorOwner;
  readonly executed: Executed;
  readonly loginTicket: string;
  readonly view: View;
}

interface At {
  readonly pages: PagesContext;
  readonly c: Context;
  readonly frame: EnrolFrame;
  readonly owner: FactorOwner;
  readonly fields: Fields;
  readonly kind: EnrolKind;
}

type Answer = Response | Promise<Response>;

/** Enrolling a factor below `path`: what is to be proved comes first, nothing is written before. */
export function addEnrolRoutes(
  app: Hono,
  pages: PagesContext,
  path: string,
  place: EnrolPlace,
): void {
  app.post(`${path}/enrol`, async (c) => start(await stepOf(pages, c, place)));
  app.post(`${path}/enrol/confirm`, async (c) => {
    const at = await stepOf(pages, c, place);
    const { view } = at.frame;
    try {
      const executed = await confirm(at);
      const { kind, owner } = at;
      const loginTicket = at.fields('login_ticket');
      return await place.finished(c, { kind, owner, executed, loginTicket, view });
    } catch (error) {
      const wrong: TextKey = at.kind === 'PASSKEY' ? 'error.passkey' : 'error.code';
      const { said } = refusalOf(error, view.t, wrong);
      return said.text === view.t(wrong) ? again(at, said) : start(at, said);
    }
  });
}

async function stepOf(pages: PagesContext, c: Context, place: EnrolPlace): Promise<At> {
  const fields = await fieldsOf(pages, c);
  const loginTicket = place.by === 'LOGIN' ? fields('login_ticket') : '';
  const sessionToken = place.by === 'SESSION' ? (pages.browserSession.read(c) ?? '') : '';
  const owner = await factorOwner(pages.parts, { sessionToken, loginTicket });
  const kind = enrolKindOf(fields('kind'));
  if (kind === undefined) throw new Failure('NOT_FOUND', 'no such kind of factor');
  const frame = { ...(await place.frameOf(c)), loginTicket };
  return { pages, c, frame, owner, fields, kind };
}

async function start({ pages, c, frame, owner, fields, kind }: At, said?: Said): Promise<Response> {
  const { parts } = pages;
  const told = { ...frame, said };
  const name = fields('name');
  const status = said === undefined ? 200 : 422;
  switch (kind) {
    case 'TOTP': {
      const { ticket, typed, svg } = await startTotp(parts, owner, defaultTotpForm);
      return c.html(
        <EnrolTotpPage frame={told} {...{ ticket, typed, name }} picture={svg} />,
        status,
      );
    }
    case 'PASSKEY': {
      const { ticket, passkeyOptions: options } = await startPasskey(parts, owner);
      return c.html(<EnrolPasskeyPage frame={told} {...{ ticket, options, name }} />, status);
    }
    case 'SMS':
    case 'EMAIL':
      return address({ pages, c, frame: told, owner, fields, kind }, kind);
  }
}

/** An address is asked for first; once it is given, a code goes there. */
async function address(at: At, kind: 'SMS' | 'EMAIL'): Promise<Response> {
  const { pages, c, frame, owner, fields } = at;
  const typed = fields('address').trim();
  const given = kind === 'SMS' ? typed.replaceAll(/[\s()/-]/gu, '') : typed;
  if (given === '') return c.html(<EnrolAddressPage frame={frame} kind={kind} address="" />);
  try {
    const { ticket } = await startOtpChannel(pages.parts, owner, kind, given);
    const name = fields('name');
    return await c.html(<ConfirmAddressPage {...{ frame, ticket, kind, name }} address={given} />);
  } catch (error) {
    const { t } = frame.view;
    const wrong = error instanceof Failure && error.reason === 'INVALID_ARGUMENT';
    const problem = wrong ? t(kind === 'SMS' ? 'error.number' : 'error.address') : undefined;
    const said = wrong ? undefined : refusalOf(error, t, 'error.other').said;
    return c.html(
      <EnrolAddressPage frame={{ ...frame, said }} {...{ kind, problem }} address={typed} />,
      422,
    );
  }
}

/** A wrong code: the ticket is still good. A passkey makes a new key for a new challenge. */
function again(at: At, said: Said): Answer {
  const { c, frame, fields, kind } = at;
  const told = { ...frame, said };
  const [ticket, name] = [fields('ticket'), fields('name')];
  if (kind === 'PASSKEY') return start(at, said);
  if (kind === 'TOTP') {
    const [typed, picture] = [fields('typed'), fields('picture')];
    return c.html(<EnrolTotpPage frame={told} {...{ ticket, typed, picture, name }} />, 422);
  }
  const to = fields('address');
  return c.html(<ConfirmAddressPage frame={told} {...{ ticket, kind, name }} address={to} />, 422);
}

function confirm({ pages: { parts }, owner, fields, kind, frame }: At): Promise<Executed> {
  const typed = freeText(fields('name'), 64);
  const name = typed === '' ? frame.view.t(`factor.${kind}`) : typed;
  const ticket = fields('ticket');
  const code = fields('answer').replaceAll(/\s/gu, '');
  switch (kind) {
    case 'TOTP':
      return confirmTotp(parts, owner, { ticket, code, name });
    case 'PASSKEY':
      return confirmPasskey(parts, owner, { ticket, json: fields('response'), name });
    case 'SMS':
    case 'EMAIL':
      return confirmOtpChannel(parts, owner, { ticket, code, name });
  }
}
