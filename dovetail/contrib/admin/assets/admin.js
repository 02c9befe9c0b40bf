// What the pages of the back office do beyond forms and links; SQLAdmin's main.js does the rest.
import { holdWhileOffline } from "./offline.js";
import { gettext } from "./texts.js";
import { isTyped } from "./typed.js";
import { becomeWhatTheyAre, refuseUnreadable } from "./unreadable.js";

const TWICE = 5000; // milliseconds within which a form is not sent again

holdWhileOffline();

(function () {
  "use strict";

  // How days are typed: as the language writes them; as ISO 8601 and 31.12.2026 besides. Letters as the calendar has them.
  const DAY = (document.documentElement.dataset.day || "Y-m-d").replaceAll("%", "");
  const SHAPES = [DAY, "Y-m-d", "d.m.Y"].map((format) => {
    const parts = format.replace(/[^dmY]+/g, (between) => `${between.trim().replace(/./g, "\\$&")}\\s?`);
    const shape = parts.replace(/[dm]/g, "(\\d{1,2})").replace("Y", "(\\d{4})");
    return { names: format.match(/[dmY]/g), shape: new RegExp(`^${shape}(?:,?[ T]+(.+))?$`) };
  });

  // A day and perhaps a time. The calendar's own reader would make some other day of what it does not understand.
  function read(text) {
    const { names, shape } = SHAPES.find((one) => one.shape.test(text.trim())) || {};
    const [, ...parts] = (shape && text.trim().match(shape)) || [];
    const [year, month, day] = ["Y", "m", "d"].map((name) => parts[(names || []).indexOf(name)]);
    const time = parts[3];
    const [, hour, minute, second] = (time || "0:00").match(/^(\d{1,2}):(\d{2})(?::(\d{2}))?$/) || [];
    const numbers = [year, month, day, hour, minute, second || 0].map(Number);
    const date = new Date(numbers[0], numbers[1] - 1, ...numbers.slice(2));
    const kept = [date.getFullYear(), date.getMonth() + 1, date.getDate(), date.getHours(), date.getMinutes(), date.getSeconds()];
    return kept.every((one, index) => one === numbers[index]) ? date : undefined;
  }

  // What is no date, or has an offset (02:30+01:00), stays as it was typed, and the server says what is wrong with it: the
  // calendar would put what was picked before, or this moment, in its place.
  function keepWhatIsNoDate(field, picker) {
    const unreadOf = (text) => (typeof text === "string" && text.trim() && !read(text) ? text : null);
    let unread = unreadOf(field.value);
    const setDate = picker.setDate;
    field.addEventListener("input", () => { unread = unreadOf(field.value); });
    ["click", "keydown", "input"].forEach((kind) => {
      picker.calendarContainer.addEventListener(kind, () => { unread = null; }, true);
    });
    picker.setDate = (date, ...rest) => {
      unread = unreadOf(date);
      if (unread === null) setDate(date, ...rest);
      else field.value = unread;
    };
    picker.config.onValueUpdate.push(() => { if (unread !== null) field.value = unread; });
  }

  // Tab goes from field to field, and not through the calendar, which it would never leave: an arrow leads into it, Escape
  // out of it, and closes nothing else meanwhile.
  function handKeys(field, picker) {
    picker.calendarContainer.querySelectorAll("input").forEach((one) => { one.tabIndex = -1; });
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && picker.isOpen) {
        event.preventDefault();
        event.stopPropagation();
        picker.close();
      } else if (event.key === "ArrowDown" && !event.altKey) {
        event.preventDefault();
        picker.open();
        const days = picker.daysContainer;
        (days.querySelector(".selected") || days.querySelector(".today") || days.firstChild.firstChild).focus();
      }
    });
    picker.calendarContainer.addEventListener("keydown", (event) => {
      if (event.key === "Escape") event.stopPropagation();
    });
  }

  // Dates and times are typed, or picked from a calendar that stands beside its field.
  function pick(root, role, options) {
    root.querySelectorAll(`[data-role="${role}"]:not([readonly]):not([disabled])`).forEach((field) => {
      flatpickr(field, {
        allowInput: true,
        static: true,
        parseDate: read,
        errorHandler: () => {},
        onReady: (_dates, _text, picker) => {
          keepWhatIsNoDate(field, picker);
          handKeys(field, picker);
          if (picker.secondElement) picker.secondElement.setAttribute("aria-label", gettext("Second"));
        },
        ...options,
      });
    });
  }

  // What is made of other fields is made again as they are typed, until somebody types it.
  function slugOf(text) {
    const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/ß/g, "ss");
    return plain.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  }

  function prepopulate(field) {
    const names = field.dataset.prepopulatedFrom.split(" ");
    const sources = names.map((name) => field.form.elements.namedItem(name)).filter(Boolean);
    let typed = field.value !== "";
    field.addEventListener("input", () => { typed = field.value !== ""; });
    const make = () => {
      if (typed) return;
      const made = slugOf(sources.map((one) => one.value).join(" "));
      field.value = field.dataset.longest ? made.slice(0, Number(field.dataset.longest)).replace(/-+$/, "") : made;
    };
    sources.forEach((source) => source.addEventListener("input", make));
    if (sources.some(isTyped)) make();
  }

  function begin(root) {
    pick(root, "date-picker", { dateFormat: DAY });
    pick(root, "moment-picker", {
      dateFormat: `${DAY} H:i:S`,
      enableTime: true,
      enableSeconds: true,
      minuteIncrement: 1,
      time_24hr: true,
    });
    becomeWhatTheyAre(root);
    root.querySelectorAll("[data-prepopulated-from]").forEach(prepopulate);
  }

  begin(document);
  document.addEventListener("dovetail:added", (event) => begin(event.target)); // a row of an inline

  refuseUnreadable();

  // The menu of a large site is longer than its window: the entry of this page is in sight.
  const here = document.querySelector(".navbar-vertical [aria-current]");
  const menu = here?.closest(".navbar-vertical");
  if (menu) {
    const beyond = here.getBoundingClientRect().bottom - menu.getBoundingClientRect().bottom;
    if (beyond > 0) menu.scrollTop += beyond + menu.clientHeight / 2;
  }

  // A form is sent once, though its button or its keys are pressed twice. An answer that is a file leaves it where it is.
  const sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.getAttribute("method") !== "post") return;
    if (sent.has(form)) return event.preventDefault();
    sent.add(form);
    setTimeout(() => sent.delete(form), TWICE);
  });

  // A field takes the focus when its autocomplete opens, so that typing works at once. Select2 tells aids for reading of an
  // option called undefined, and of no list at all where several objects may be chosen.
  $(document).on("select2:open", (event) => {
    const select = $(event.target);
    const field = document.querySelector(".select2-container--open .select2-search__field");
    if (field) field.focus();
    const list = select.parent().find(".select2-results__options").attr("id");
    select.next().find('[role="combobox"]').attr("aria-controls", list);
  });
  new MutationObserver((changes) => changes.forEach((change) => {
    if (change.target.getAttribute("aria-activedescendant") === "undefined") {
      change.target.removeAttribute("aria-activedescendant");
    }
  })).observe(document.body, { attributeFilter: ["aria-activedescendant"], subtree: true });
})();
