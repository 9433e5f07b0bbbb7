import { Field, Form, Submit } from '../view/form-parts.js';
import { Heading, Message, NarrowPage } from '../view/layout.js';
import type { Said, View } from '../view/view.js';

interface EntryProps {
  readonly view: View;
  /** Of the tenant's pages. */
  readonly base: string;
  readonly said?: Said | undefined;
}

/** Asks for a link that sets a new password. */
export function AskResetPage({ view, base, said, loginName }: EntryProps & { loginName: string }) {
  const { t } = view;
  return (
    <NarrowPage view={view} title={t('reset.title')}>
      <Heading title={t('reset.title')} lead={t('reset.lead')} />
      <Message said={said} />
      <Form view={view} action={`${base}/reset`}>
        <Field
          name="login_name"
          label={t('login.name')}
          autocomplete="username"
          value={loginName}
          focus={said === undefined}
        />
        <Submit>{t('reset.submit')}</Submit>
      </Form>
      <p class="aside">
        <a href={`${base}/login`}>{t('reset.backToLogin')}</a>
      </p>
    </NarrowPage>
  );
}

interface PasswordProps extends EntryProps {
  readonly action: string;
  readonly token: string;
  readonly least: number;
  readonly problem?: string | undefined;
}

function NewPassword({ view, least, problem, focus }: PasswordProps & { focus: boolean }) {
  const { t } = view;
  return (
    <Field
      name="password"
      type="password"
      label={t('password.new')}
      autocomplete="new-password"
      hint={t('password.hint', { least: String(least) })}
      problem={problem}
      focus={focus}
    />
  );
}

/** Sets a new password by the mailed link. */
export function ResetPage(props: PasswordProps) {
  const { view, action, token, said } = props;
  const { t } = view;
  return (
    <NarrowPage view={view} title={t('reset.choose')}>
      <Heading title={t('reset.choose')} lead={t('reset.chooseLead')} />
      <Message said={said} />
      <Form view={view} action={action} carry={{ token }}>
        <NewPassword {...props} focus={said === undefined} />
        <Submit>{t('password.submit')}</Submit>
      </Form>
    </NarrowPage>
  );
}

/** Asks for a link that makes an account. */
export function AskSignUpPage({ view, base, said, mail }: EntryProps & { mail: string }) {
  const { t } = view;
  return (
    <NarrowPage view={view} title={t('signUp.title')}>
      <Heading title={t('signUp.title')} lead={t('signUp.lead')} />
      <Message said={said} />
      <Form view={view} action={`${base}/sign-up`}>
        <Field
          name="email"
          type="email"
          label={t('signUp.mail')}
          autocomplete="email"
          value={mail}
          focus={said === undefined}
        />
        <Submit>{t('signUp.submit')}</Submit>
      </Form>
      <p class="aside">
        {t('signUp.have')} <a href={`${base}/login`}>{t('login.submit')}</a>
      </p>
    </NarrowPage>
  );
}

/** Makes the account by the mailed link. */
export function SignUpPage(props: PasswordProps & { readonly name: string }) {
  const { view, action, token, said, name } = props;
  const { t } = view;
  return (
    <NarrowPage view={view} title={t('signUp.finish')}>
      <Heading title={t('signUp.finish')} lead={t('signUp.finishLead')} />
      <Message said={said} />
      <Form view={view} action={action} carry={{ token }}>
        <Field
          name="name"
          label={t('signUp.name')}
          autocomplete="name"
          value={name}
          focus={said === undefined}
        />
        <NewPassword {...props} focus={false} />
        <Submit>{t('signUp.create')}</Submit>
      </Form>
    </NarrowPage>
  );
}

/** Changes a password that is known: because it must be, or because its owner wants to. */
export function ChangePasswordPage(
  props: Omit<PasswordProps, 'token'> & {
    readonly title: string;
    readonly lead: string;
    readonly carry: Readonly<Record<string, string>>;
    readonly back?: string | undefined;
  },
) {
  const { view, action, said, title, lead, carry, back } = props;
  const { t } = view;
  return (
    <NarrowPage view={view} title={title}>
      <Heading title={title} lead={lead} />
      <Message said={said} />
      <Form view={view} action={action} carry={carry}>
        <Field
          name="current"
          type="password"
          label={t('must.current')}
          autocomplete="current-password"
          focus={said === undefined && props.problem === undefined}
        />
        <NewPassword {...props} token="" focus={false} />
        <Submit>{t('password.submit')}</Submit>
      </Form>
      {back === undefined ? null : (
        <p class="aside">
          <a href={back}>{t('cancel')}</a>
        </p>
      )}
    </NarrowPage>
  );
}
