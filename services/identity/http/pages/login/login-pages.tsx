import type { FactorChoice } from '#services/identity/app/login/account-factors.js';
import { Field, Form, PasskeyForm, Submit } from '../view/form-parts.js';
import { Icon } from '../view/icons.js';
import { Heading, Message, NarrowPage } from '../view/layout.js';
import type { Said, View } from '../view/view.js';

/** Where a login happens, and what is around it. */
export interface LoginFrame {
  readonly view: View;
  /** Forms go to addresses below it. */
  readonly base: string;
  /** The client that waits for it. */
  readonly client: string | undefined;
  /** Somebody is logged in already and has to prove it again. */
  readonly again: boolean;
  readonly resetHref: string | undefined;
  /** Providers of the tenant that somebody may log in at instead. */
  readonly upstreams: readonly { readonly href: string; readonly name: string }[];
  readonly signUpHref: string | undefined;
  readonly said?: Said | undefined;
}

/** A passkey that may be used without a name: what the browser is asked, and our ticket. */
export interface PasskeyOffer {
  readonly ticket: string;
  readonly options: string;
}

export function LoginPage(props: {
  readonly frame: LoginFrame;
  readonly loginName: string;
  readonly passkey: PasskeyOffer | undefined;
}) {
  const { frame, loginName, passkey } = props;
  const { view, base, said, resetHref, signUpHref, upstreams } = frame;
  const { t } = view;
  return (
    <NarrowPage view={view} title={t('login.title')}>
      <Heading title={t('login.title')} lead={leadOf(frame)} />
      <Message said={said} />
      <Form view={view} action={base}>
        <Field
          name="login_name"
          label={t('login.name')}
          autocomplete="username"
          value={loginName}
          focus={loginName === '' && said === undefined}
        />
        <Field
          name="password"
          type="password"
          label={t('login.password')}
          autocomplete="current-password"
          focus={loginName !== '' && said === undefined}
          beside={resetHref === undefined ? null : <a href={resetHref}>{t('login.forgot')}</a>}
        />
        <Submit>{t('login.submit')}</Submit>
      </Form>
      {passkey === undefined ? null : (
        <div class="stack" data-needs-passkeys hidden>
          <p class="or">{t('or')}</p>
          <PasskeyForm
            view={view}
            action={`${base}/passkey`}
            use="get"
            options={passkey.options}
            carry={{ ticket: passkey.ticket }}
          >
            <Submit look="second">
              <Icon name="PASSKEY" />
              {t('login.passkey')}
            </Submit>
          </PasskeyForm>
        </div>
      )}
      {upstreams.length === 0 ? null : (
        <div class="stack">
          <p class="or">{t('or')}</p>
          <Upstreams frame={frame} />
        </div>
      )}
      {signUpHref === undefined ? null : (
        <p class="aside">
          {t('login.new')} <a href={signUpHref}>{t('login.signUp')}</a>
        </p>
      )}
    </NarrowPage>
  );
}

function Upstreams({ frame: { view, upstreams } }: { readonly frame: LoginFrame }) {
  return (
    <>
      {upstreams.map(({ href, name }) => (
        <a class="button second" href={href}>
          {view.t('upstream.with', { name })}
        </a>
      ))}
    </>
  );
}

/** Of an account that has nothing but providers: where it proves itself again. */
export function ElsewherePage(props: { readonly frame: LoginFrame; readonly title: string }) {
  const { frame, title } = props;
  const { view, said } = frame;
  return (
    <NarrowPage view={view} title={title}>
      <Heading title={title} lead={view.t('upstream.again')} />
      <Message said={said} />
      <Upstreams frame={frame} />
    </NarrowPage>
  );
}

function leadOf({ view, client, again }: LoginFrame): string {
  const { t, tenantName = '' } = view;
  if (again) return t('login.again');
  return client === undefined
    ? t('login.lead', { tenant: tenantName })
    : t('login.client', { client });
}

/** Which of several factors to answer with. */
export function ChooseFactorPage(props: {
  readonly frame: LoginFrame;
  readonly title: string;
  readonly ticket: string;
  readonly factors: readonly FactorChoice[];
}) {
  const { frame, title, ticket, factors } = props;
  const { view, base, said } = frame;
  const { t } = view;
  return (
    <NarrowPage view={view} title={title}>
      <Heading title={title} lead={t('factor.choose')} />
      <Message said={said} />
      <ul class="choices">
        {factors.map(({ kind, credential, name }) => (
          <li>
            <Form
              view={view}
              action={`${base}/choose`}
              carry={{ ticket, kind, credential }}
              class="choices"
            >
              <button type="submit" class="choice">
                <Icon name={kind} />
                <span>
                  {t(`factor.${kind}`)}
                  <small>{name === '' ? t(`factor.${kind}.what`) : name}</small>
                </span>
              </button>
            </Form>
          </li>
        ))}
      </ul>
    </NarrowPage>
  );
}

interface AnswerProps {
  readonly frame: LoginFrame;
  readonly title: string;
  readonly ticket: string;
  readonly kind: FactorChoice['kind'] | 'PASSWORD';
  readonly credential: string;
  /** For a passkey. */
  readonly options: string | undefined;
  /** There are others to choose. */
  readonly others: boolean;
  /** The tenant allows devices to be remembered. */
  readonly remember: boolean;
}

/** Answers with one factor. */
export function AnswerFactorPage(props: AnswerProps) {
  const { frame, title, ticket, kind, credential, others } = props;
  const { view, base, said } = frame;
  const { t, tenantName = '' } = view;
  const carry = { ticket, kind, credential };
  return (
    <NarrowPage view={view} title={title}>
      <Heading title={title} lead={t(`factor.${kind}.lead`, { tenant: tenantName })} />
      <Message said={said} />
      {kind === 'PASSKEY' ? <UsePasskey {...props} /> : <EnterCode {...props} />}
      {kind === 'PASSWORD' ? <Upstreams frame={frame} /> : null}
      <div class="row">
        {kind === 'SMS' || kind === 'EMAIL' ? (
          <Form view={view} action={`${base}/choose`} carry={carry} class="">
            <button type="submit" class="plain">
              {t('factor.resend')}
            </button>
          </Form>
        ) : null}
        {others ? (
          <Form view={view} action={`${base}/factors`} carry={{ ticket }} class="">
            <button type="submit" class="plain">
              {t('factor.other')}
            </button>
          </Form>
        ) : null}
      </div>
    </NarrowPage>
  );
}

function EnterCode({ frame, ticket, kind, credential, remember }: AnswerProps) {
  const { view, base, said } = frame;
  const { t } = view;
  const focus = said === undefined;
  const carry = { ticket, kind, credential };
  return (
    <Form view={view} action={`${base}/factor`} carry={carry}>
      {kind === 'PASSWORD' ? (
        <Field
          name="answer"
          type="password"
          label={t('login.password')}
          autocomplete="current-password"
          focus={focus}
        />
      ) : (
        <Field
          name="answer"
          label={t(kind === 'RECOVERY_CODE' ? 'factor.recovery' : 'factor.code')}
          autocomplete={kind === 'RECOVERY_CODE' ? 'off' : 'one-time-code'}
          code={kind === 'RECOVERY_CODE' ? 'text' : 'numeric'}
          focus={focus}
        />
      )}
      {remember ? <Remember view={view} /> : null}
      <Submit>{t('factor.submit')}</Submit>
    </Form>
  );
}

function UsePasskey({ frame, ticket, kind, credential, options = '{}', remember }: AnswerProps) {
  const { view, base } = frame;
  const { t } = view;
  const carry = { ticket, kind, credential };
  return (
    <>
      <noscript>
        <p class="message info">{t('factor.needsScript')}</p>
      </noscript>
      <PasskeyForm view={view} action={`${base}/factor`} use="get" options={options} carry={carry}>
        {remember ? <Remember view={view} /> : null}
        <Submit>
          <Icon name="PASSKEY" />
          {t('factor.usePasskey')}
        </Submit>
      </PasskeyForm>
    </>
  );
}

function Remember({ view }: { readonly view: View }) {
  return (
    <div class="check">
      <input type="checkbox" id="remember" name="remember" value="yes" />
      <label for="remember">{view.t('factor.remember')}</label>
    </div>
  );
}
