// Related objects in forms and filters: chosen by typing, by key or in two boxes; added and changed in a window of their own.

import { gettext } from "./texts.js";
import { isTyped } from "./typed.js";

const TEXTS = {
  available: gettext("Can be chosen"), chosen: gettext("Chosen"), search: gettext("Search"), choose: gettext("Choose"), remove: gettext("Remove"),
  more: gettext("Show more"), close: gettext("Close"), nothing: gettext("Nothing was found"), lookUp: gettext("Look up"), failed: gettext("This did not work. Try again."),
};
const PAUSE = 200; // milliseconds after the last letter

async function ask(url, parameters) {
  const answer = await fetch(`${url}${url.includes("?") ? "&" : "?"}${new URLSearchParams(parameters)}`, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(TEXTS.failed);
  return answer.json();
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => {
    if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  });
  made.append(...children);
  return made;
}

function afterTyping(input, run) {
  let timer = 0;
  input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(run, PAUSE); });
}

function changed(control) {
  control.dispatchEvent(new Event("input", { bubbles: true }));
  control.dispatchEvent(new Event("change", { bubbles: true }));
}

// Chosen from the first ones, or by typing.
function autocomplete(select, options) {
  const make = select.data("make-url");
  select.select2({
    width: "100%",
    dropdownParent: select.parent().addClass("autocomplete"),
    placeholder: select.data("placeholder"),
    ajax: {
      url: select.data("url"),
      dataType: "json",
      delay: PAUSE,
      data: (typed) => ({ name: select.data("name") || select.attr("name"), term: typed.term || "", page: typed.page || 1 }),
    },
    ...(make ? {
      tags: true,
      createTag: (typed) => {
        const term = (typed.term || "").trim();
        return term ? { id: `new:${term}`, text: select.data("make-label").replace("%s", term), made: term } : null;
      },
      insertTag: (found, tag) => found.push(tag),
    } : {}),
    ...options,
  });
  if (!make) return;
  select.on("select2:selecting", async (event) => {
    const term = event.params.args.data.made;
    if (term === undefined) return;
    event.preventDefault();
    select.select2("close");
    try {
      choose(select[0], await makeInPlace(select, term));
    } catch (error) {
      tell(select[0], error instanceof TypeError ? TEXTS.failed : error.message); // the browser's own words are English
    }
  });
}

async function makeInPlace(select, term) {
  const body = new URLSearchParams({ [select.data("make-field")]: term, csrf_token: select[0].form.elements.csrf_token.value });
  const answer = await fetch(select.data("make-url"), { method: "POST", headers: { Accept: "application/json" }, body });
  const told = await answer.json().catch(() => ({ detail: TEXTS.failed }));
  if (!answer.ok) throw new Error(told.detail);
  return told;
}

function tell(control, text) {
  const place = control.closest(".relation") || control.parentElement;
  place.parentElement.querySelectorAll(".relation-error").forEach((one) => one.remove());
  if (text) place.after(element("div", { class: "relation-error invalid-feedback d-block", role: "alert" }, text));
}

function showAutocomplete(node) {
  const select = $(node);
  autocomplete(select, { allowClear: !select.prop("multiple") && Boolean(select.data("allow-blank")) });
  const box = select.next().find(".select2-selection");
  const shown = box.find(".select2-selection__rendered").attr("id");
  box.attr("aria-labelledby", [`label-${node.id}`, shown].filter(Boolean).join(" "));
  box.attr("aria-describedby", select.attr("aria-describedby") || null);
  select.next().find("textarea.select2-search__field").attr("aria-labelledby", `label-${node.id}`).removeAttr("role");
  select.on("change", () => showTools(node));
  showTools(node);
}

function showFilter(node) {
  const select = $(node);
  const clear = select.data("clear");
  autocomplete(select, { allowClear: true });
  select.next().find(".select2-selection").attr("aria-label", select.attr("aria-label")).removeAttr("aria-labelledby");
  select.next().find("textarea.select2-search__field").attr("aria-label", select.attr("aria-label")).removeAttr("role");
  // Several are asked for at once: a row may refer to any of them.
  select.on("select2:select select2:unselect", () => {
    const query = new URLSearchParams(clear);
    (select.val() || []).forEach((one) => query.append(select.attr("name"), one));
    window.location.search = query.toString();
  });
  select.on("select2:clear", () => { window.location.search = clear; });
}

// By key: typed, or looked up.
function keysOf(input) {
  return input.value.split(",").map((one) => one.trim()).filter(Boolean);
}

async function showTitles(input) {
  const button = input.parentElement.querySelector("[data-lookup]");
  const place = document.querySelector(`[data-titles-of="${CSS.escape(input.id)}"]`);
  if (!button || !place) return;
  const keys = button.dataset.several === undefined ? [input.value.trim()].filter(Boolean) : keysOf(input);
  const query = [["name", button.dataset.name], ...keys.map((key) => ["key", key])];
  const found = keys.length ? (await ask(button.dataset.url, query)).results : [];
  place.textContent = found.map((one) => one.text).join(", ");
}

function showRawId(input) {
  const show = () => { showTitles(input); showTools(input); };
  input.addEventListener("change", show);
  if (isTyped(input)) show();
  else showTools(input);
}

function openLookup(button) {
  const input = document.getElementById(button.dataset.lookup);
  const search = element("input", { type: "search", class: "form-control", "aria-label": TEXTS.search, placeholder: TEXTS.search });
  const list = element("div", { class: "list-group lookup-results", role: "group" });
  const more = element("button", { type: "button", class: "btn mt-2", hidden: true }, TEXTS.more);
  const close = element("button", { type: "button", class: "btn ms-auto" }, TEXTS.close);
  const title = element("h2", { class: "modal-title", id: "lookup-title" }, button.getAttribute("aria-label") || TEXTS.lookUp);
  const dialog = element("dialog", { class: "lookup card", "aria-labelledby": "lookup-title" },
    element("div", { class: "d-flex align-items-center gap-2 mb-2" }, title, close), search, list, more);
  let page = 1;
  async function show(next) {
    page = next;
    const found = await ask(button.dataset.url, { name: button.dataset.name, term: search.value, page });
    if (page === 1) list.replaceChildren();
    search.hidden = !found.searchable;
    found.results.forEach((one) => {
      const row = element("button", { type: "button", class: "list-group-item list-group-item-action" }, one.text);
      row.addEventListener("click", () => { choose(input, one); dialog.close(); });
      list.append(row);
    });
    if (!list.children.length) list.append(element("p", { class: "text-secondary p-2 m-0" }, TEXTS.nothing));
    more.hidden = !found.pagination.more;
  }
  afterTyping(search, () => show(1));
  more.addEventListener("click", () => show(page + 1));
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => { dialog.remove(); button.focus(); });
  document.body.append(dialog);
  dialog.showModal();
  show(1);
}

// In two boxes: what can be chosen, searched at the server, and what is.
function showBoxes(chosen) {
  if (chosen.disabled) return;
  const label = document.getElementById(`label-${chosen.id}`);
  const name = label ? label.textContent.trim() : "";
  const search = element("input", { type: "search", class: "form-control", placeholder: TEXTS.search, "aria-label": `${name}: ${TEXTS.search}` });
  const available = element("select", { multiple: true, size: 8, class: "form-select", "aria-label": `${name}: ${TEXTS.available}` });
  const shown = element("select", { multiple: true, size: 8, class: "form-select", id: chosen.id, "aria-label": `${name}: ${TEXTS.chosen}` });
  const more = element("button", { type: "button", class: "btn btn-sm", hidden: true }, TEXTS.more);
  const take = element("button", { type: "button", class: "btn" }, TEXTS.choose);
  const drop = element("button", { type: "button", class: "btn" }, TEXTS.remove);
  const boxes = element("div", { class: `boxes boxes-${chosen.dataset.direction}` },
    element("div", { class: "box" }, element("div", { class: "box-title" }, TEXTS.available), search, available, more),
    element("div", { class: "box-buttons" }, take, drop),
    element("div", { class: "box" }, element("div", { class: "box-title" }, TEXTS.chosen), shown));
  let page = 1;
  const described = chosen.getAttribute("aria-describedby");
  if (described) shown.setAttribute("aria-describedby", described);
  chosen.removeAttribute("id");
  chosen.hidden = true;
  chosen.after(boxes);
  function keys() { return new Set(Array.from(chosen.options, (one) => one.value)); }
  function mirror() {
    shown.replaceChildren(...Array.from(chosen.options, (one) => new Option(one.text, one.value)));
  }
  async function list(next) {
    page = next;
    const found = await ask(chosen.dataset.url, { name: chosen.dataset.name || chosen.name, term: search.value, page });
    const taken = keys();
    if (page === 1) available.replaceChildren();
    found.results.filter((one) => !taken.has(one.id)).forEach((one) => available.append(new Option(one.text, one.id)));
    search.hidden = !found.searchable;
    more.hidden = !found.pagination.more;
  }
  function move(from, isChosen) {
    Array.from(from.selectedOptions).forEach((one) => {
      if (isChosen) {
        if (!keys().has(one.value)) chosen.append(new Option(one.text, one.value, true, true));
        one.remove();
      } else {
        Array.from(chosen.options).filter((other) => other.value === one.value).forEach((other) => other.remove());
        available.append(new Option(one.text, one.value));
      }
    });
    mirror();
    changed(chosen);
  }
  chosen.addEventListener("dovetail:chosen", mirror);
  afterTyping(search, () => list(1));
  search.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  more.addEventListener("click", () => list(page + 1));
  [[available, take, true], [shown, drop, false]].forEach(([box, button, isChosen]) => {
    button.addEventListener("click", () => move(box, isChosen));
    box.addEventListener("dblclick", () => move(box, isChosen));
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      move(box, isChosen);
    });
  });
  mirror();
  list(1);
}

// What a field holds, and what it is told to hold.
function choose(control, one) {
  const id = String(one.id);
  const role = control.dataset.role;
  tell(control, "");
  if (role === "raw-id") {
    const several = control.parentElement.querySelector("[data-several]");
    const keys = several ? keysOf(control).filter((key) => key !== id) : [];
    control.value = [...keys, id].join(",");
    changed(control);
    return;
  }
  const known = Array.from(control.options).find((option) => option.value === id);
  if (known) known.remove();
  const option = new Option(one.text, id, true, true);
  if (!control.multiple) Array.from(control.options).filter((other) => other.value).forEach((other) => other.remove());
  control.append(option);
  if (role === "boxes") control.dispatchEvent(new Event("dovetail:chosen"));
  else $(control).trigger("change");
  changed(control);
}

// A related object is added, changed and looked at in a window of its own, which tells what became of it.
const waiting = new WeakMap(); // of windows: the field that waits

// A key as it stands in an address, as the server writes it.
function quoted(key) {
  const code = (sign) => `_${sign.codePointAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  const made = key.replace(/[:/_#?;@&=+$,"[\]<>%\n\\]/g, code);
  const isPage = ["action", "add", "bulk", "delete", "draft", "export", "import", "lookup", ".", ".."].includes(made);
  return encodeURIComponent(isPage ? code(made) + made.slice(1) : made);
}

function controlOf(node) {
  return node.closest(".relation").querySelector("[data-role]");
}

function showTools(control) {
  const place = control.closest(".relation");
  if (!place) return;
  place.querySelectorAll("[data-href]").forEach((link) => {
    const key = control.value;
    link.toggleAttribute("aria-disabled", false);
    if (key) link.href = link.dataset.href.replace("KEY-OF-THE-CHOSEN", quoted(key));
    else {
      link.removeAttribute("href");
      link.setAttribute("aria-disabled", "true");
    }
  });
}

function openRelated(link) {
  if (!link.href) return;
  const opened = window.open(link.href, "", "popup,width=960,height=720");
  if (opened) waiting.set(opened, controlOf(link));
}

window.addEventListener("message", (event) => {
  if (event.origin !== window.location.origin || !event.source || !waiting.has(event.source)) return;
  choose(waiting.get(event.source), event.data);
});

const response = document.getElementById("popup-response");
if (response && window.opener) {
  window.opener.postMessage(JSON.parse(response.dataset.told), window.location.origin);
  window.close();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-related]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    openRelated(link);
  }
  const button = event.target.closest("[data-lookup]");
  if (button) openLookup(button);
});

const ENHANCED = {
  '[data-role="autocomplete"]': showAutocomplete,
  '[data-role="relation-filter"]': showFilter,
  '[data-role="raw-id"]': showRawId,
  '[data-role="boxes"]': showBoxes,
};

export function enhance(root) {
  Object.entries(ENHANCED).forEach(([selector, run]) => root.querySelectorAll(selector).forEach((node) => {
    if (node.dataset.enhanced) return;
    node.dataset.enhanced = "1";
    run(node);
  }));
}

enhance(document);
document.addEventListener("dovetail:added", (event) => enhance(event.target)); // a row of an inline
