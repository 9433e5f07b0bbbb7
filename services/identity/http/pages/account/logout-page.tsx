import { Form, Submit } from '../view/form-parts.js';
import { Heading, NarrowPage } from '../view/layout.js';
import type { View } from '../view/view.js';

/** Asks first: a link of somebody else must not log anybody out. */
export function LogoutPage(props: {
  readonly view: View;
  readonly action: string;
  readonly back: string;
}) {
  const { view, action, back } = props;
  const { t, tenantName = '' } = view;
  return (
    <NarrowPage view={view} title={t('logout.title')}>
      <Heading title={t('logout.title')} lead={t('logout.lead', { tenant: tenantName })} />
      <Form view={view} action={action}>
        <Submit>{t('logout.submit')}</Submit>
        <a class="button second" href={back}>
          {t('logout.stay')}
        </a>
      </Form>
    </NarrowPage>
  );
}
