import type { Child } from 'hono/jsx';
import { csrfField } from '../../csrf.js';
import type { View } from './view.js';

interface FormProps {
  readonly view: View;
  readonly action: string;
  /** Hidden fields. */
  readonly carry?: Readonly<Record<string, string>>;
  readonly class?: string;
  readonly children?: Child;
}

/** A form that is guarded against being sent by others. */
export function Form({ view, action, carry = {}, class: name = 'stack', children }: FormProps) {
  return (
    <form method="post" action={action} class={name}>
      <Hidden view={view} carry={carry} />
      {children}
    </form>
  );
}

export function Hidden(props: {
  readonly view: View;
  readonly carry: Readonly<Record<string, string>>;
}) {
  return (
    <>
      <input type="hidden" name={csrfField} value={props.view.csrf} />
      {Object.entries(props.carry).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
    </>
  );
}

interface FieldProps {
  readonly name: string;
  readonly label: string;
  readonly type?: 'text' | 'email' | 'password' | 'tel';
  readonly autocomplete: string;
  readonly value?: string | undefined;
  readonly hint?: string | undefined;
  readonly problem?: string | undefined;
  readonly focus?: boolean | undefined;
  /** Shown at the right of the label. */
  readonly beside?: Child;
  readonly code?: 'numeric' | 'text';
  readonly optional?: boolean;
}

/** A labelled input; hint and problem belong to it for screen readers too. */
export function Field(props: FieldProps) {
  const { name, label, type = 'text', value, hint, problem, code, beside } = props;
  const notes = [hint && `${name}-hint`, problem && `${name}-problem`].filter(Boolean).join(' ');
  return (
    <div class="field">
      <div class="beside">
        <label for={name}>{label}</label>
        {beside}
      </div>
      <input
        id={name}
        name={name}
        type={type}
        class={code === undefined ? undefined : 'code'}
        inputmode={code}
        autocomplete={props.autocomplete}
        autocapitalize="none"
        spellcheck={false}
        value={value}
        required={props.optional !== true}
        autofocus={props.focus === true || problem !== undefined}
        aria-invalid={problem === undefined ? undefined : 'true'}
        aria-describedby={notes === '' ? undefined : notes}
      />
      {hint === undefined ? null : (
        <p class="hint" id={`${name}-hint`}>
          {hint}
        </p>
      )}
      {problem === undefined ? null : (
        <p class="problem" id={`${name}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}

type Look = 'second' | 'danger' | 'second small' | 'danger small';

export function Submit(props: {
  readonly look?: Look;
  readonly name?: string;
  readonly value?: string;
  /** Where the words alone do not say which of many. */
  readonly label?: string;
  readonly children?: Child;
}) {
  const { look, name, value, label, children } = props;
  return (
    <button
      type="submit"
      class={look === undefined ? 'button' : `button ${look}`}
      name={name}
      value={value}
      aria-label={label}
    >
      {children}
    </button>
  );
}

/** Uses a passkey by script; without one it stays hidden, and `instead` is seen. */
export function PasskeyForm(props: {
  readonly view: View;
  readonly action: string;
  readonly use: 'get' | 'create';
  /** JSON for `navigator.credentials`. */
  readonly options: string;
  readonly carry?: Readonly<Record<string, string>>;
  readonly children?: Child;
}) {
  const { view, action, use, options, carry = {}, children } = props;
  return (
    <form
      method="post"
      action={action}
      class="stack"
      data-passkey={use}
      data-options={options}
      data-needs-passkeys
      hidden
    >
      <Hidden view={view} carry={{ ...carry, response: '' }} />
      <p class="message bad" role="alert" tabindex={-1} data-problem hidden>
        {view.t('error.passkeyLocal')}
      </p>
      {children}
    </form>
  );
}
