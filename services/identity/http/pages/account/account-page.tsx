import type { Child } from 'hono/jsx';
import { Form, Submit } from '../view/form-parts.js';
import { Icon, type IconName } from '../view/icons.js';
import { Message, WidePage } from '../view/layout.js';
import type { Said, View } from '../view/view.js';
import type { AccountFacts } from './account-facts.js';

export interface AccountFrame {
  readonly view: View;
  /** Path of the account. */
  readonly base: string;
  readonly logoutHref: string;
  readonly name: string;
  readonly said: Said | undefined;
}

/** Frame of every page of an account; htmx exchanges its content without loading the page anew. */
export function AccountFrame(props: {
  readonly frame: AccountFrame;
  readonly title: string;
  readonly children?: Child;
}) {
  const { view, base, logoutHref, said, name } = props.frame;
  const { t } = view;
  const signOut = (
    <a class="button second small" href={logoutHref}>
      {t('account.signOut')}
    </a>
  );
  return (
    <WidePage view={view} title={props.title} aside={signOut} home={base}>
      <div class="stack" hx-boost="true">
        <header>
          <h1>{props.title}</h1>
          <p class="lead">
            {t('account.signedIn')} <strong>{name}</strong>
          </p>
        </header>
        <Message said={said} />
        {props.children}
      </div>
    </WidePage>
  );
}

export function AccountPage(props: { readonly frame: AccountFrame; readonly facts: AccountFacts }) {
  const { frame, facts } = props;
  const { t } = frame.view;
  return (
    <AccountFrame frame={frame} title={t('account.title')}>
      <Factors {...props} />
      <Links {...props} />
      {facts.hasPassword ? (
        <Section
          id="password"
          title={t('account.password')}
          lead={t('account.passwordLead')}
          action={
            <a class="button second small" href={`${frame.base}/password`}>
              {t('account.changePassword')}
            </a>
          }
        />
      ) : null}
      <Addresses {...props} />
      <Sessions {...props} />
      <Keys {...props} />
      <Apps {...props} />
    </AccountFrame>
  );
}

type SectionProps = Parameters<typeof AccountPage>[0];

function Section(props: {
  readonly id: string;
  readonly title: string;
  readonly lead: string;
  readonly action?: Child;
  readonly children?: Child;
}) {
  const { id, title, lead, action, children } = props;
  return (
    <section class="card" aria-labelledby={id}>
      <div class="row">
        <header class="grow">
          <h2 id={id}>{title}</h2>
          <p class="lead">{lead}</p>
        </header>
        {action}
      </div>
      {children}
    </section>
  );
}

function Item(props: {
  readonly icon: IconName;
  readonly name: string;
  readonly badge?: string | undefined;
  readonly bad?: boolean;
  readonly note: string;
  readonly children?: Child;
}) {
  return (
    <li class="item">
      <Icon name={props.icon} />
      <span class="what">
        <span>
          {props.name}
          {props.badge === undefined ? null : (
            <span class={props.bad === true ? 'badge bad' : 'badge'}>{props.badge}</span>
          )}
        </span>
        <small>{props.note}</small>
      </span>
      {props.children}
    </li>
  );
}

function Factors({ frame, facts }: SectionProps) {
  const { view, base } = frame;
  const { t } = view;
  const add = (
    <a class="button second small" href={`${base}/factors/add`}>
      {t('account.addFactor')}
    </a>
  );
  return (
    <Section id="factors" title={t('account.factors')} lead={t('account.factorsLead')} action={add}>
      {facts.factors.length === 0 ? (
        <p class="message info">
          {t(facts.hasPassword ? 'account.noFactors' : 'account.noFactorsElsewhere')}
        </p>
      ) : (
        <ul class="items">
          {facts.factors.map(({ credential, kind, name, createdAtMs, blocked }) => (
            <Item
              icon={kind}
              name={name === '' ? t(`factor.${kind}`) : name}
              badge={blocked ? t('account.blocked') : undefined}
              bad={blocked}
              note={`${t(`factor.${kind}`)} · ${t('account.added', { time: dateIn(view, createdAtMs) })}`}
            >
              <Act
                frame={frame}
                to="factors/remove"
                carry={{ credential }}
                what={t('account.removeWhat', { name: name === '' ? t(`factor.${kind}`) : name })}
                word={t('account.remove')}
              />
            </Item>
          ))}
          <Item
            icon="RECOVERY_CODE"
            name={t('account.codes')}
            note={t('account.codesLeft', { count: String(facts.codesLeft) })}
          >
            <Form view={view} action={`${base}/codes`} class="">
              <Submit look="second small">{t('account.newCodes')}</Submit>
            </Form>
          </Item>
        </ul>
      )}
    </Section>
  );
}

/** Addresses that are not verified yet; nothing where all are. */
function Addresses({ frame, facts }: SectionProps) {
  const { view, base } = frame;
  const { t } = view;
  if (facts.unverified.length === 0) return null;
  return (
    <Section id="addresses" title={t('account.addresses')} lead={t('account.addressesLead')}>
      <ul class="items">
        {facts.unverified.map((address) => (
          <Item icon="EMAIL" name={address} note={t('account.notVerified')}>
            <Form view={view} action={`${base}/addresses/verify`} carry={{ address }} class="">
              <Submit look="second small" label={t('account.verifyWhat', { name: address })}>
                {t('account.verify')}
              </Submit>
            </Form>
          </Item>
        ))}
      </ul>
    </Section>
  );
}

/** Accounts at providers of the tenant; nothing where it has none. */
function Links({ frame, facts }: SectionProps) {
  const { view, base } = frame;
  const { t } = view;
  const { links, offered } = facts;
  if (links.length + offered.length === 0) return null;
  return (
    <Section id="links" title={t('account.links')} lead={t('account.linksLead')}>
      <ul class="items">
        {links.map(({ identity, name, linkedAtMs, usable }) => (
          <Item
            icon="app"
            name={name}
            badge={usable ? undefined : t('account.unusable')}
            bad={!usable}
            note={t('account.connectedSince', { time: dateIn(view, linkedAtMs) })}
          >
            <Act
              frame={frame}
              to="links/remove"
              carry={{ identity }}
              what={t('account.disconnectWhat', { name })}
              word={t('account.disconnect')}
            />
          </Item>
        ))}
        {offered.map(({ provider, name }) => (
          <Item icon="app" name={name} note={t('account.notConnected')}>
            <Form view={view} action={`${base}/links/connect`} carry={{ provider }} class="">
              <Submit look="second small" label={t('account.connectWhat', { name })}>
                {t('account.connect')}
              </Submit>
            </Form>
          </Item>
        ))}
      </ul>
    </Section>
  );
}

function Sessions({ frame, facts }: SectionProps) {
  const { view, base } = frame;
  const { t } = view;
  const others = facts.sessions.some(({ own }) => !own);
  const action = others ? (
    <Form view={view} action={`${base}/sessions/end-others`} class="">
      <Submit look="second small">{t('account.endOthers')}</Submit>
    </Form>
  ) : null;
  return (
    <Section
      id="sessions"
      title={t('account.sessions')}
      lead={t('account.sessionsLead')}
      action={action}
    >
      <ul class="items">
        {facts.sessions.map(({ session, label, startedAtMs, own }) => {
          const name = label === '' ? t('account.unnamed') : label;
          return (
            <Item
              icon="session"
              name={name}
              badge={own ? t('account.thisOne') : undefined}
              note={t('account.sessionSince', { time: timeIn(view, startedAtMs) })}
            >
              {own ? null : (
                <Act
                  frame={frame}
                  to="sessions/end"
                  carry={{ session }}
                  what={t('account.endWhat', { name })}
                  word={t('account.end')}
                />
              )}
            </Item>
          );
        })}
      </ul>
    </Section>
  );
}

function Keys({ frame, facts }: SectionProps) {
  const { view } = frame;
  const { t } = view;
  if (facts.keys.length === 0) return null;
  return (
    <Section id="keys" title={t('account.keys')} lead={t('account.keysLead')}>
      <ul class="items">
        {facts.keys.map(({ credential, name, prefix, expiresAtMs }) => (
          <Item
            icon="key"
            name={name}
            note={
              expiresAtMs === 0
                ? `${prefix}…`
                : `${prefix}… · ${t('account.expires', { time: dateIn(view, expiresAtMs) })}`
            }
          >
            <Act
              frame={frame}
              to="keys/revoke"
              carry={{ credential }}
              what={t('account.revokeWhat', { name })}
              word={t('account.revoke')}
            />
          </Item>
        ))}
      </ul>
    </Section>
  );
}

function Apps({ frame, facts }: SectionProps) {
  const { view } = frame;
  const { t } = view;
  return (
    <Section id="apps" title={t('account.apps')} lead={t('account.appsLead')}>
      {facts.apps.length === 0 ? (
        <p class="lead">{t('account.noApps')}</p>
      ) : (
        <ul class="items">
          {facts.apps.map(({ client, name, scopes }) => (
            <Item icon="app" name={name} note={scopes.join(', ')}>
              <Act
                frame={frame}
                to="apps/withdraw"
                carry={{ client }}
                what={t('account.withdrawWhat', { name })}
                word={t('account.withdraw')}
              />
            </Item>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** A button of a list: its label says what it is about. */
function Act(props: {
  readonly frame: AccountFrame;
  readonly to: string;
  readonly carry: Readonly<Record<string, string>>;
  readonly what: string;
  readonly word: string;
}) {
  const { frame, to, carry, what, word } = props;
  return (
    <Form view={frame.view} action={`${frame.base}/${to}`} carry={carry} class="">
      <Submit look="danger small" label={what}>
        {word}
      </Submit>
    </Form>
  );
}

function dateIn({ language }: View, ms: number): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }).format(ms);
}

function timeIn({ language }: View, ms: number): string {
  const form = { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' } as const;
  return `${new Intl.DateTimeFormat(language, form).format(ms)} UTC`;
}
