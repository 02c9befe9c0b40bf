// Conditions that were put together and are not applied yet: the tab keeps them for their author, who may go elsewhere, or
// have to log in, before they apply them.
import { gettext } from "./texts.js";

// `text` has what is applied as its default value; `discard` shows that again.
export function keptFilter(place, text, discard) {
  const key = `dovetail-filter ${place.dataset.user} ${location.pathname}`;
  const tools = text.form.querySelector(":scope > .btn-list");
  const status = Object.assign(document.createElement("span"), { className: "text-secondary" });
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn", hidden: true, textContent: gettext("Discard") });
  status.setAttribute("role", "status");
  tools.append(button, status);
  button.addEventListener("click", () => { forget(); discard(); });

  function tell(isPending) {
    button.hidden = !isPending;
    status.textContent = isPending ? gettext("Not applied yet") : "";
  }

  function forget() {
    tell(false);
    try {
      sessionStorage.removeItem(key);
    } catch {
      // then nothing was kept
    }
  }

  function keep(tree) {
    tell(true);
    try {
      sessionStorage.setItem(key, JSON.stringify({ applied: text.defaultValue, text: text.value, tree }));
    } catch {
      // a browser may refuse to keep anything
    }
  }

  // What was kept of this list while the same filter was applied to it.
  function find() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(key));
      if (kept && kept.text === text.defaultValue && kept.applied !== kept.text) forget(); // it was applied since
      else if (kept && kept.applied === text.defaultValue) return kept;
    } catch {
      // then nothing is there
    }
    return null;
  }

  return { find, forget, keep, tell };
}
