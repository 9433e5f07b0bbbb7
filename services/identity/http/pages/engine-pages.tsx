import { Field, Submit } from './view/form-parts.js';
import { Heading, Message, NarrowPage } from './view/layout.js';
import { NotePage } from './view/note-page.js';
import type { View } from './view/view.js';

/** A form of the engine's own: its guard is a hidden field of its. */
interface EngineForm {
  readonly view: View;
  readonly action: string;
  readonly xsrf: string;
}

/** Asks for the code that a device shows. */
export function DeviceCodePage(props: EngineForm & { readonly wrong: boolean }) {
  const { view, action, xsrf, wrong } = props;
  const { t } = view;
  const said = wrong ? ({ kind: 'bad', text: t('device.wrong') } as const) : undefined;
  return (
    <NarrowPage view={view} title={t('device.title')}>
      <Heading title={t('device.title')} lead={t('device.lead')} />
      <Message said={said} />
      <form method="post" action={action} class="stack">
        <input type="hidden" name="xsrf" value={xsrf} />
        <Field
          name="user_code"
          label={t('device.code')}
          autocomplete="off"
          code="text"
          focus={!wrong}
        />
        <Submit>{t('goOn')}</Submit>
      </form>
    </NarrowPage>
  );
}

/** Makes sure that it is the device in front of the person. */
export function DeviceConfirmPage(
  props: EngineForm & { readonly client: string; readonly code: string },
) {
  const { view, action, xsrf, client, code } = props;
  const { t } = view;
  const title = t('device.confirmTitle', { client });
  return (
    <NarrowPage view={view} title={title}>
      <Heading title={title} lead={t('device.confirmLead')} />
      <output class="shown">{code}</output>
      <form method="post" action={action} class="stack">
        <input type="hidden" name="xsrf" value={xsrf} />
        <input type="hidden" name="user_code" value={code} />
        <Submit name="confirm" value="yes">
          {t('device.allow')}
        </Submit>
        <Submit look="second" name="abort" value="yes">
          {t('cancel')}
        </Submit>
      </form>
    </NarrowPage>
  );
}

export function DeviceDonePage({ view }: { readonly view: View }) {
  const { t } = view;
  return <NotePage view={view} title={t('device.done')} lead={t('device.doneLead')} />;
}

/** A client asks to end the session: only the person may say so. */
export function EndSessionPage({ view, action, xsrf }: EngineForm) {
  const { t } = view;
  return (
    <NarrowPage view={view} title={t('logout.title')}>
      <Heading title={t('logout.title')} lead={t('logout.leadPlain')} />
      <form method="post" action={action} class="stack">
        <input type="hidden" name="xsrf" value={xsrf} />
        <Submit name="logout" value="yes">
          {t('logout.submit')}
        </Submit>
        <Submit look="second">{t('logout.stay')}</Submit>
      </form>
    </NarrowPage>
  );
}

export function LoggedOutPage({ view }: { readonly view: View }) {
  const { t } = view;
  return <NotePage view={view} title={t('logout.done')} lead={t('logout.doneLead')} />;
}

/** `why` is for the developers of the client: it stays as the engine says it. */
export function EngineErrorPage(props: {
  readonly view: View;
  readonly why: string;
  readonly code: string;
}) {
  const { view, why, code } = props;
  const { t } = view;
  return (
    <NotePage view={view} title={t('error.title')} lead={t('error.goBack')}>
      <p class="hint" lang="en">
        {code}: {why}
      </p>
    </NotePage>
  );
}
