// Passkeys need a script: the browser talks to the authenticator, a form brings the answer to us.
//   <form data-passkey="get|create" data-options="…JSON…"> with a hidden field "response"
// Without WebAuthn the forms stay hidden, and what leads around them stays visible.

const messageOf = (form) => form.querySelector('[data-problem]');

function busy(form, is) {
  for (const button of form.querySelectorAll('button'))
    button.setAttribute('aria-busy', String(is));
}

function toBytes(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (letter) => letter.codePointAt(0));
}

function toText(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCodePoint(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

const idOf = (one) => ({ ...one, id: toBytes(one.id) });

/** Options as our server writes them, in the form that the browser takes. */
function optionsOf(form) {
  const options = JSON.parse(form.dataset.options);
  options.challenge = toBytes(options.challenge);
  if (options.user) options.user = idOf(options.user);
  if (options.allowCredentials) options.allowCredentials = options.allowCredentials.map(idOf);
  if (options.excludeCredentials) options.excludeCredentials = options.excludeCredentials.map(idOf);
  return options;
}

/** A credential as JSON (WebAuthn L3, 5.1), also where the browser has no `toJSON` yet. */
function jsonOf(credential) {
  const { response } = credential;
  const answer = { clientDataJSON: toText(response.clientDataJSON) };
  if (response.attestationObject) {
    answer.attestationObject = toText(response.attestationObject);
    answer.transports = response.getTransports?.() ?? [];
  } else {
    answer.authenticatorData = toText(response.authenticatorData);
    answer.signature = toText(response.signature);
    if (response.userHandle) answer.userHandle = toText(response.userHandle);
  }
  return {
    id: credential.id,
    rawId: credential.id,
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: answer,
  };
}

async function ask(event) {
  const form = event.target.closest('form[data-passkey]');
  if (!form || form.elements.response.value !== '') return;
  event.preventDefault();
  event.stopPropagation();
  const problem = messageOf(form);
  problem.hidden = true;
  busy(form, true);
  try {
    const publicKey = optionsOf(form);
    const credential =
      form.dataset.passkey === 'create'
        ? await navigator.credentials.create({ publicKey })
        : await navigator.credentials.get({ publicKey });
    form.elements.response.value = JSON.stringify(jsonOf(credential));
    form.submit();
  } catch {
    // Cancelled, timed out, or no passkey here: browsers do not say which, for good reason.
    busy(form, false);
    problem.hidden = false;
    problem.focus();
  }
}

function prepare() {
  const able = 'PublicKeyCredential' in window;
  for (const part of document.querySelectorAll('[data-needs-passkeys]')) part.hidden = !able;
}

document.addEventListener('submit', (event) => void ask(event), true);
document.addEventListener('htmx:afterSettle', () => {
  prepare();
  document.querySelector('[data-say]')?.focus();
});
prepare();
document.querySelector('[data-say]')?.focus();
