// Calendars and choices in the language of the page: names of days and months are the browser's own.
import { gettext } from "./texts.js";

const language = document.documentElement.lang;

function names(options, dates) {
  const format = new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
  return dates.map((date) => format.format(date));
}

if (language.split("-")[0] !== "en") {
  const days = Array.from({ length: 7 }, (_, day) => new Date(Date.UTC(2023, 0, 1 + day))); // the first is a Sunday
  const months = Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2023, month, 1)));
  window.flatpickr?.setDefaults({ ariaDateFormat: gettext("F j, Y") }); // how days are read out: letters of flatpickr
  window.flatpickr?.localize({
    weekdays: { shorthand: names({ weekday: "short" }, days), longhand: names({ weekday: "long" }, days) },
    months: { shorthand: names({ month: "short" }, months), longhand: names({ month: "long" }, months) },
    firstDayOfWeek: 1,
    ordinal: () => "",
    rangeSeparator: " – ",
    weekAbbreviation: gettext("Week"),
    scrollTitle: gettext("Scroll to change"),
    toggleTitle: gettext("Click to toggle"),
    yearAriaLabel: gettext("Year"),
    monthAriaLabel: gettext("Month"),
    hourAriaLabel: gettext("Hour"),
    minuteAriaLabel: gettext("Minute"),
  });
  window.jQuery?.fn.select2.defaults.set("language", {
    errorLoading: () => gettext("The site did not answer."),
    inputTooShort: () => gettext("Type to search"),
    loadingMore: () => gettext("Loading more…"),
    maximumSelected: () => gettext("No more can be chosen"),
    noResults: () => gettext("Nothing was found"),
    searching: () => gettext("Searching…"),
    removeAllItems: () => gettext("Remove all"),
    removeItem: () => gettext("Remove"),
    search: () => gettext("Search"),
  });
}
