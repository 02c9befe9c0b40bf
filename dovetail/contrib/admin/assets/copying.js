// A button beside what is shown once copies it; what it does is told to screen readers, too.

import { gettext } from "./texts.js";

const TEXTS = { copied: gettext("Copied"), byHand: gettext("It is selected: copy it with your keys.") };

function textOf(shown) {
  if (shown.localName === "input") return shown.value;
  return [...shown.children].map((one) => one.textContent.trim()).join("\n");
}

function select(shown) {
  if (shown.localName === "input") {
    shown.focus();
    shown.select();
  } else getSelection().selectAllChildren(shown);
}

async function copy(shown) {
  try {
    await navigator.clipboard.writeText(textOf(shown));
    return TEXTS.copied;
  } catch { // a page that came unencrypted has no clipboard, and a browser may refuse it
    select(shown);
    return TEXTS.byHand;
  }
}

document.querySelectorAll("[data-copy]").forEach((button) => {
  const status = button.nextElementSibling;
  button.hidden = false;
  button.addEventListener("click", async () => {
    status.textContent = ""; // or the same word would not be said again
    const told = await copy(document.getElementById(button.dataset.copy));
    requestAnimationFrame(() => { status.textContent = told; });
  });
});
