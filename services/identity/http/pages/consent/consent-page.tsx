import type { AskedScope } from '../../oidc/interactions.js';
import { en, type TextKey } from '../texts/en.js';
import type { Translate } from '../texts/language.js';
import { Form, Submit } from '../view/form-parts.js';
import { Heading, Message, NarrowPage } from '../view/layout.js';
import type { Said, View } from '../view/view.js';

/** What a client wants to be allowed, in words. */
export function ConsentPage(props: {
  readonly view: View;
  readonly base: string;
  readonly client: string;
  readonly name: string;
  readonly scopes: readonly AskedScope[];
  readonly said?: Said | undefined;
}) {
  const { view, base, client, name, scopes, said } = props;
  const { t } = view;
  return (
    <NarrowPage view={view} title={t('consent.title', { client })}>
      <Heading title={t('consent.title', { client })} lead={t('consent.lead', { name, client })} />
      <Message said={said} />
      <ul class="scopes">
        {scopes.map((scope) => (
          <li>{scopeText(t, scope)}</li>
        ))}
      </ul>
      <Form view={view} action={`${base}/consent`} class="stack wide-buttons">
        <Submit name="verdict" value="allow">
          {t('consent.allow')}
        </Submit>
        <Submit look="second" name="verdict" value="deny">
          {t('consent.deny')}
        </Submit>
      </Form>
      <p class="hint">{t('consent.later')}</p>
    </NarrowPage>
  );
}

/** The tenant's own words first; else ours for what everybody knows; else the name. */
export function scopeText(t: Translate, { name, description = '' }: AskedScope): string {
  const key = `scope.${name}`;
  if (description !== '') return description;
  return Object.hasOwn(en, key) ? t(key as TextKey) : name;
}
