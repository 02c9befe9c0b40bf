// What is typed into a form is kept: as a draft at the server, which outlives the session and the browser, and, once it was
// sent, by the browser for whoever goes back to the form. Browsers themselves would put what they remember into fields by
// name, and rows of inlines are numbered: another row can be there by then.

import { gettext } from "./texts.js";
import { isTyped } from "./typed.js";

const TEXTS = {
  saved: gettext("A draft was saved."), lost: gettext("You were logged out. What you typed until the last draft is kept; log in to go on."),
  gone: gettext("Somebody deleted this meanwhile, so no draft is kept."), tooLong: gettext("This is too long for a draft to be kept."),
  back: gettext("You came back to a form that you had sent. It shows what is stored now."), bring: gettext("Bring back what I typed"),
};
const PAUSE = 1500; // milliseconds after the last letter, after which a draft is saved

const isKept = (field) => field.name && field.type !== "password" && field.type !== "file";

function textsOf(form) {
  const isText = ([name, value]) => {
    const field = form.elements.namedItem(name);
    return typeof value === "string" && !(field && field.type === "password");
  };
  return [...new FormData(form)].filter(isText);
}

function send(form, texts, more = {}) {
  return fetch(form.dataset.draftUrl, { method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(texts), ...more });
}

function mark(form) {
  if (!form.elements.namedItem("_draft")) form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "_draft", value: "1" }));
}

// Save a draft a moment after the last letter, or as the page is left.
export function keepDrafts(form) {
  const status = form.querySelector("[data-draft-status]");
  let timer = 0;
  let isSent = false;
  let saving = new AbortController();
  function tell(answer) {
    if (answer.ok) status.textContent = TEXTS.saved;
    else if (answer.status === 401) status.textContent = TEXTS.lost;
    else if (answer.status === 400) status.textContent = TEXTS.tooLong;
    else if (answer.status === 404) status.textContent = TEXTS.gone;
  }
  async function save() {
    timer = 0;
    saving = new AbortController();
    try {
      const answer = await send(form, textsOf(form), { signal: saving.signal });
      if (isSent) return;
      tell(answer);
      if (answer.ok) mark(form);
    } catch {
      status.textContent = "";
    }
  }
  function saveLater() {
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  }
  const later = (event) => { if (isKept(event.target)) saveLater(); };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  if (window.jQuery) window.jQuery(form).on("change", "select", later);
  form.addEventListener("submit", () => {
    isSent = true;
    clearTimeout(timer);
    saving.abort(); // or the draft would stand there after the form was saved
    remember(form);
  });
  window.addEventListener("pagehide", () => {
    if (timer && !isSent) send(form, textsOf(form), { keepalive: true }).catch(() => {}); // too long for a page that goes
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) isSent = false; });
  if (form.dataset.unsaved !== undefined || [...form.elements].some((one) => isKept(one) && isTyped(one))) saveLater();
  offer(form);
}

// What was sent stays beside the place of the form in the history of the tab, for its author alone.
function remember(form) {
  try {
    history.replaceState({ ...history.state, sent: { by: form.dataset.author, texts: textsOf(form) } }, "");
  } catch {
    // Too long for the history of a browser: a draft may be there.
  }
}

function offer(form) {
  const sent = history.state && history.state.sent;
  const [came] = performance.getEntriesByType("navigation");
  if (!sent || sent.by !== form.dataset.author || !came || came.type !== "back_forward") return;
  const box = Object.assign(document.createElement("div"), { className: "alert alert-info draft-offer" });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: TEXTS.bring });
  box.setAttribute("role", "status");
  box.append(Object.assign(document.createElement("span"), { textContent: TEXTS.back }), button);
  document.querySelector(".draft-offer")?.remove(); // a draft is older than what was sent
  form.before(box);
  button.addEventListener("click", () => bringBack(form, sent.texts));
}

async function bringBack(form, texts) {
  const token = form.elements.namedItem("csrf_token").value;
  const answer = await send(form, texts.map(([name, value]) => [name, name === "csrf_token" ? token : value]));
  if (!answer.ok) return;
  const address = new URL(location.href);
  address.searchParams.set("_draft", "sent");
  location.replace(address);
}
