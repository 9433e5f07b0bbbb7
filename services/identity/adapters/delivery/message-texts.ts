import type { MessageKind, SecurityNotice } from '#services/identity/ports/delivery.js';

/**
 * The built-in words. `mail` begins with the subject and an empty line. Places to fill:
 * `{tenant}`, `{code}`, `{link}`, `{minutes}`, `{time}`, `{what}`.
 */
export interface MessageTexts {
  readonly mail: Readonly<Record<MessageKind, string>>;
  /** Kinds that are not here are never sent by SMS. */
  readonly sms: Partial<Readonly<Record<MessageKind, string>>>;
  readonly notices: Readonly<Record<SecurityNotice, string>>;
}

const en: MessageTexts = {
  mail: {
    LOGIN_CODE: `Subject: {code} is your sign-in code for {tenant}

Your sign-in code for {tenant} is:

    {code}

It is valid for {minutes} minutes and works once, in the window that asked for it.

If you are not signing in right now, somebody else has your password. Do not pass
this code on to anybody, and change your password.
`,
    VERIFY_ADDRESS: `Subject: {code} confirms your address at {tenant}

To confirm that this address is yours, enter this code at {tenant}:

    {code}

It is valid for {minutes} minutes. If you did not ask for it, you need not do anything.
`,
    RESET_PASSWORD: `Subject: Choose a new password for {tenant}

Somebody asked for a new password for your account at {tenant}. If that was you,
open this link and choose one:

{link}

It is valid for {minutes} minutes and works once. If it was not you, you need not do
anything: your password stays as it is.
`,
    SIGN_UP: `Subject: Finish your account at {tenant}

Open this link to finish your account at {tenant}:

{link}

It is valid for {minutes} minutes and works once. If you did not ask for an account,
you need not do anything: there is none yet.
`,
    SECURITY_NOTICE: `Subject: {what} at {tenant}

Your account at {tenant}: {what}.

Time: {time}

If that was you, all is well. If not, choose a new password at once, and tell the
people who run {tenant}.
`,
  },
  sms: {
    LOGIN_CODE: '{code} is your sign-in code for {tenant}. Valid {minutes} min. Never share it.',
    VERIFY_ADDRESS: '{code} confirms your number at {tenant}. Valid {minutes} min.',
    SECURITY_NOTICE: '{tenant}: {what}. Was it not you? Change your password.',
  },
  notices: {
    PASSWORD_CHANGED: 'your password was changed',
    PASSWORD_RESET: 'a new password was chosen by mail',
    FACTOR_ADDED: 'a way to sign in was added',
    FACTOR_REMOVED: 'a way to sign in was removed',
    RECOVERY_CODES_MADE: 'new recovery codes were made',
    RECOVERY_CODE_USED: 'a recovery code was used to sign in',
    SIGNED_UP_AGAIN: 'somebody tried to sign up with your address',
  },
};

const de: MessageTexts = {
  mail: {
    LOGIN_CODE: `Subject: {code} ist Ihr Anmeldecode für {tenant}

Ihr Anmeldecode für {tenant} lautet:

    {code}

Er gilt {minutes} Minuten und nur einmal, in dem Fenster, das danach gefragt hat.

Wenn Sie sich gerade nicht anmelden, kennt jemand Ihr Passwort. Geben Sie den Code
niemandem weiter, und ändern Sie Ihr Passwort.
`,
    VERIFY_ADDRESS: `Subject: {code} bestätigt Ihre Adresse bei {tenant}

Um zu bestätigen, dass diese Adresse Ihnen gehört, geben Sie bei {tenant} diesen Code ein:

    {code}

Er gilt {minutes} Minuten. Wenn Sie ihn nicht angefordert haben, brauchen Sie nichts zu tun.
`,
    RESET_PASSWORD: `Subject: Neues Passwort für {tenant}

Jemand möchte für Ihr Konto bei {tenant} ein neues Passwort setzen. Wenn Sie das sind,
öffnen Sie diesen Link:

{link}

Er gilt {minutes} Minuten und nur einmal. Wenn Sie es nicht waren, brauchen Sie nichts zu
tun: Ihr Passwort bleibt, wie es ist.
`,
    SIGN_UP: `Subject: Ihr Konto bei {tenant}

Öffnen Sie diesen Link, um Ihr Konto bei {tenant} fertigzustellen:

{link}

Er gilt {minutes} Minuten und nur einmal. Wenn Sie kein Konto wollten, brauchen Sie nichts
zu tun: Es gibt noch keines.
`,
    SECURITY_NOTICE: `Subject: {tenant}: {what}

Ihr Konto bei {tenant}: {what}.

Zeit: {time}

Wenn Sie das waren, ist alles in Ordnung. Wenn nicht, wählen Sie sofort ein neues
Passwort, und wenden Sie sich an die Betreiber von {tenant}.
`,
  },
  sms: {
    LOGIN_CODE:
      '{code} ist Ihr Anmeldecode für {tenant}. Gilt {minutes} Min. Niemandem weitergeben.',
    VERIFY_ADDRESS: '{code} bestätigt Ihre Nummer bei {tenant}. Gilt {minutes} Min.',
    SECURITY_NOTICE: '{tenant}: {what}. Nicht von Ihnen? Ändern Sie Ihr Passwort.',
  },
  notices: {
    PASSWORD_CHANGED: 'Ihr Passwort wurde geändert',
    PASSWORD_RESET: 'per Mail wurde ein neues Passwort gesetzt',
    FACTOR_ADDED: 'ein Anmeldeverfahren wurde hinzugefügt',
    FACTOR_REMOVED: 'ein Anmeldeverfahren wurde entfernt',
    RECOVERY_CODES_MADE: 'neue Wiederherstellungscodes wurden erzeugt',
    RECOVERY_CODE_USED: 'ein Wiederherstellungscode wurde zur Anmeldung benutzt',
    SIGNED_UP_AGAIN: 'jemand wollte sich mit Ihrer Adresse registrieren',
  },
};

/** By language, as the first part of a BCP 47 tag. */
export const messageTexts: Readonly<Record<string, MessageTexts>> = { en, de };
