import type { FactorKind } from '#libs/events/catalogue.js';
import { Field, Form, PasskeyForm, Submit } from '../view/form-parts.js';
import { Icon } from '../view/icons.js';
import { Heading, Message, NarrowPage } from '../view/layout.js';
import type { Said, View } from '../view/view.js';

export type EnrolKind = Exclude<FactorKind, 'RECOVERY_CODE'>;

/** Where a factor is enrolled: in an account, or in a login that demands one. */
export interface EnrolFrame {
  readonly view: View;
  readonly base: string;
  /** Of the login that demands it; empty: none does. */
  readonly loginTicket: string;
  readonly back: string | undefined;
  readonly said?: Said | undefined;
}

export function ChooseEnrolmentPage(props: {
  readonly frame: EnrolFrame;
  readonly title: string;
  readonly lead: string;
  readonly kinds: readonly EnrolKind[];
}) {
  const { frame, title, lead, kinds } = props;
  const { view, base, loginTicket, said } = frame;
  const { t } = view;
  return (
    <NarrowPage view={view} title={title}>
      <Heading title={title} lead={lead} />
      <Message said={said} />
      <ul class="choices">
        {kinds.map((kind) => (
          <li>
            <Form
              view={view}
              action={`${base}/enrol`}
              carry={{ login_ticket: loginTicket, kind }}
              class="choices"
            >
              <button type="submit" class="choice">
                <Icon name={kind} />
                <span>
                  {t(`factor.${kind}`)}
                  <small>
                    {t(kind === 'PASSKEY' ? 'enrol.PASSKEY.what' : `factor.${kind}.what`)}
                  </small>
                </span>
              </button>
            </Form>
          </li>
        ))}
      </ul>
      <Back frame={frame} />
    </NarrowPage>
  );
}

function Back({ frame: { view, back } }: { readonly frame: EnrolFrame }) {
  if (back === undefined) return null;
  return (
    <p class="aside">
      <a href={back}>{view.t('cancel')}</a>
    </p>
  );
}

interface ConfirmProps {
  readonly frame: EnrolFrame;
  readonly ticket: string;
  readonly name: string;
}

function NameField({ frame, name }: ConfirmProps) {
  return (
    <Field
      name="name"
      label={frame.view.t('enrol.name')}
      autocomplete="off"
      value={name}
      optional
    />
  );
}

/** The code that proves a new factor, and what the factor is called. */
function CodeForm(props: ConfirmProps & { readonly carry: Readonly<Record<string, string>> }) {
  const { view, base, said } = props.frame;
  return (
    <Form view={view} action={`${base}/enrol/confirm`} carry={props.carry}>
      <Field
        name="answer"
        label={view.t('factor.code')}
        autocomplete="one-time-code"
        code="numeric"
        focus={said === undefined}
      />
      <NameField {...props} />
      <Submit>{view.t('enrol.submit')}</Submit>
    </Form>
  );
}

/** The picture of an authenticator app, and the code that it gives. */
export function EnrolTotpPage(
  props: ConfirmProps & { readonly picture: string; readonly typed: string },
) {
  const { frame, ticket, picture, typed } = props;
  const { view, loginTicket, said } = frame;
  const { t } = view;
  const image = `data:image/svg+xml;base64,${Buffer.from(picture).toString('base64')}`;
  const carry = { login_ticket: loginTicket, ticket, kind: 'TOTP', picture, typed };
  return (
    <NarrowPage view={view} title={t('enrol.TOTP.title')}>
      <Heading title={t('enrol.TOTP.title')} lead={t('enrol.TOTP.lead')} />
      <Message said={said} />
      <img class="qr" src={image} alt={t('enrol.TOTP.picture')} width="200" height="200" />
      <div class="stack tight">
        <p class="hint">{t('enrol.TOTP.typed')}</p>
        <p class="typed">{typed.replaceAll(/(.{4})(?=.)/gu, '$1 ')}</p>
      </div>
      <CodeForm {...props} carry={carry} />
      <Back frame={frame} />
    </NarrowPage>
  );
}

export function EnrolPasskeyPage(props: ConfirmProps & { readonly options: string }) {
  const { frame, ticket, options } = props;
  const { view, base, loginTicket, said } = frame;
  const { t } = view;
  return (
    <NarrowPage view={view} title={t('enrol.PASSKEY.title')}>
      <Heading title={t('enrol.PASSKEY.title')} lead={t('enrol.PASSKEY.lead')} />
      <Message said={said} />
      <noscript>
        <p class="message info">{t('factor.needsScript')}</p>
      </noscript>
      <PasskeyForm
        view={view}
        action={`${base}/enrol/confirm`}
        use="create"
        options={options}
        carry={{ login_ticket: loginTicket, ticket, kind: 'PASSKEY' }}
      >
        <NameField {...props} />
        <Submit>
          <Icon name="PASSKEY" />
          {t('enrol.PASSKEY.submit')}
        </Submit>
      </PasskeyForm>
      <Back frame={frame} />
    </NarrowPage>
  );
}

/** Asks for the address or number that codes will go to. */
export function EnrolAddressPage(props: {
  readonly frame: EnrolFrame;
  readonly kind: 'SMS' | 'EMAIL';
  readonly address: string;
  readonly problem?: string | undefined;
}) {
  const { frame, kind, address, problem } = props;
  const { view, base, loginTicket, said } = frame;
  const { t } = view;
  return (
    <NarrowPage view={view} title={t(`enrol.${kind}.title`)}>
      <Heading title={t(`enrol.${kind}.title`)} lead={t(`enrol.${kind}.lead`)} />
      <Message said={said} />
      <Form view={view} action={`${base}/enrol`} carry={{ login_ticket: loginTicket, kind }}>
        <Field
          name="address"
          type={kind === 'SMS' ? 'tel' : 'email'}
          label={t(`enrol.${kind}.field`)}
          autocomplete={kind === 'SMS' ? 'tel' : 'email'}
          value={address}
          hint={kind === 'SMS' ? t('enrol.SMS.hint') : undefined}
          problem={problem}
          focus
        />
        <Submit>{t('enrol.sendCode')}</Submit>
      </Form>
      <Back frame={frame} />
    </NarrowPage>
  );
}

/** The code that was sent to a new address. */
export function ConfirmAddressPage(
  props: ConfirmProps & { readonly kind: 'SMS' | 'EMAIL'; readonly address: string },
) {
  const { frame, ticket, kind, address } = props;
  const { view, loginTicket, said } = frame;
  const { t } = view;
  const carry = { login_ticket: loginTicket, ticket, kind, address };
  return (
    <NarrowPage view={view} title={t(`enrol.${kind}.title`)}>
      <Heading title={t(`enrol.${kind}.title`)} lead={t('enrol.codeLead')} />
      <Message said={said} />
      <CodeForm {...props} carry={carry} />
      <Back frame={frame} />
    </NarrowPage>
  );
}

/** Shown once. */
export function RecoveryCodesPage(props: {
  readonly view: View;
  readonly codes: readonly string[];
  readonly next: string;
}) {
  const { view, codes, next } = props;
  const { t } = view;
  return (
    <NarrowPage view={view} title={t('codes.title')}>
      <Heading title={t('codes.title')} lead={t('codes.lead')} />
      <ol class="codes" aria-label={t('codes.list')}>
        {codes.map((code) => (
          <li>{code}</li>
        ))}
      </ol>
      <a class="button no-print" href={next}>
        {t('codes.kept')}
      </a>
    </NarrowPage>
  );
}
