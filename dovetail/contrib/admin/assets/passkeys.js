// Passkeys: a form with data-passkey="get" or "create" asks the browser for one when it is sent, and sends what it gave.
// What the browser is asked stands in data-options, or comes from data-options-url, in JSON as the server wrote it.
// A form with data-passkey-field names the field in whose list of names the browser offers passkeys, before any button.
import { gettext } from "./texts.js";

(function () {
  "use strict";

  function toBytes(text) {
    const raw = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(raw, (sign) => sign.charCodeAt(0));
  }

  function toText(buffer) {
    const raw = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
    return btoa(raw).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function withBytes(options) {
    const named = (list) => (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));
    const read = { ...options, challenge: toBytes(options.challenge) };
    if (options.user) read.user = { ...options.user, id: toBytes(options.user.id) };
    if (options.excludeCredentials) read.excludeCredentials = named(options.excludeCredentials);
    if (options.allowCredentials) read.allowCredentials = named(options.allowCredentials);
    return read;
  }

  // As PublicKeyCredential.toJSON(), which not all browsers have.
  function asJson(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = toText(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return { id: credential.id, rawId: toText(credential.rawId), type: credential.type, response };
  }

  async function optionsOf(form) {
    if (form.dataset.options) return JSON.parse(form.dataset.options);
    const response = await fetch(form.dataset.optionsUrl, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRF-Token": form.elements.csrf_token.value },
    });
    const isJson = (response.headers.get("content-type") || "").startsWith("application/json");
    if (!response.ok || !isJson) return null;
    return response.json();
  }

  function send(form, credential) {
    form.elements.passkey.value = JSON.stringify(asJson(credential));
    return form.submit();
  }

  let offer = null; // which the browser makes now; of two requests for passkeys it refuses the second

  function endOffer() {
    if (offer) offer.abort();
    offer = null;
  }

  // The server forgets what it asked after some minutes; whoever comes back to the field is offered passkeys anew.
  async function makeOffer(form) {
    if (offer || !window.PublicKeyCredential || !PublicKeyCredential.isConditionalMediationAvailable) return;
    const own = offer = new AbortController();
    try {
      const known = await PublicKeyCredential.isConditionalMediationAvailable();
      const options = known && !own.signal.aborted ? await optionsOf(form) : null;
      if (options === null || own.signal.aborted) return;
      setTimeout(() => own.abort(), 0.8 * options.timeout);
      const asked = { publicKey: withBytes(options), mediation: "conditional", signal: own.signal };
      send(form, await navigator.credentials.get(asked));
    } finally {
      if (offer === own) offer = null;
    }
  }

  async function ask(form) {
    endOffer();
    const options = await optionsOf(form);
    // Sent without a passkey, the form gets the page that says what was wrong.
    if (options === null) return form.submit();
    const publicKey = withBytes(options);
    const credential = form.dataset.passkey === "create"
      ? await navigator.credentials.create({ publicKey })
      : await navigator.credentials.get({ publicKey });
    return send(form, credential);
  }

  const REASONS = {
    InvalidStateError: gettext("This device holds a passkey of yours already."),
    NotAllowedError: gettext("No passkey was given. Try again."),
    SecurityError: gettext("This browser uses no passkeys at this address."),
  };

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    const told = form.querySelector("[data-passkey-error]");
    const button = form.querySelector("[type=submit]");
    const field = document.getElementById(form.dataset.passkeyField);
    if (field) {
      const start = () => { makeOffer(form).catch(() => {}); }; // an offer that nobody takes is no error
      for (const name of ["focus", "pointerdown"]) field.addEventListener(name, start);
      start();
    }
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      told.hidden = true;
      if (!window.PublicKeyCredential) {
        told.textContent = gettext("This browser knows no passkeys.");
        told.hidden = false;
        return;
      }
      button.disabled = true;
      ask(form).catch((error) => {
        told.textContent = REASONS[error.name] || gettext("The passkey could not be used. Try again.");
        told.hidden = false;
      }).finally(() => { button.disabled = false; });
    });
  });
})();
