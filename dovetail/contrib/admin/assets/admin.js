// What the pages of the back office do beyond forms and links; SQLAdmin's main.js does the rest.
(function () {
  "use strict";

  // Dates and times are typed, or picked from a calendar that stands beside its field.
  function pick(role, options) {
    document.querySelectorAll(`[data-role="${role}"]:not([readonly]):not([disabled])`).forEach((field) => {
      flatpickr(field, {
        allowInput: true,
        static: true,
        onReady: (_dates, _text, picker) => {
          if (picker.secondElement) picker.secondElement.setAttribute("aria-label", "Second");
        },
        ...options,
      });
    });
  }

  pick("date-picker", { dateFormat: "Y-m-d" });
  pick("moment-picker", {
    dateFormat: "Y-m-d H:i:S",
    enableTime: true,
    enableSeconds: true,
    minuteIncrement: 1,
    time_24hr: true,
  });

  // What is made of other fields is made again as they are typed, until somebody types it.
  function slugOf(text) {
    const plain = text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/ß/g, "ss");
    return plain.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  }

  document.querySelectorAll("[data-prepopulated-from]").forEach((field) => {
    const names = field.dataset.prepopulatedFrom.split(" ");
    const sources = names.map((name) => field.form.elements.namedItem(name)).filter(Boolean);
    let typed = field.value !== "";
    field.addEventListener("input", () => { typed = field.value !== ""; });
    sources.forEach((source) => source.addEventListener("input", () => {
      if (typed) return;
      const made = slugOf(sources.map((one) => one.value).join(" "));
      field.value = field.maxLength > 0 ? made.slice(0, field.maxLength).replace(/-+$/, "") : made;
    }));
  });

  // Related objects are chosen from the first ones, or by typing.
  function autocomplete(select, options) {
    select.select2({
      width: "100%",
      dropdownParent: select.parent().addClass("autocomplete"),
      placeholder: select.data("placeholder"),
      ajax: {
        url: select.data("url"),
        dataType: "json",
        delay: 200,
        data: (typed) => ({ name: select.data("name") || select.attr("name"), term: typed.term || "" }),
      },
      ...options,
    });
  }

  $('[data-role="autocomplete"]').each(function () {
    const select = $(this);
    (select.data("json") || []).forEach((one) => select.append(new Option(one.text, one.id, true, true)));
    autocomplete(select, { allowClear: !select.prop("multiple") && Boolean(select.data("allow-blank")) });
    const box = select.next().find(".select2-selection");
    const shown = box.find(".select2-selection__rendered").attr("id");
    box.attr("aria-labelledby", [`label-${this.id}`, shown].filter(Boolean).join(" "));
    box.attr("aria-describedby", select.attr("aria-describedby") || null);
    select.next().find("textarea.select2-search__field").attr("aria-labelledby", `label-${this.id}`).removeAttr("role");
  });

  $('[data-role="relation-filter"]').each(function () {
    const select = $(this);
    const clear = select.data("clear");
    autocomplete(select, { allowClear: true });
    select.next().find(".select2-selection").attr("aria-label", select.attr("aria-label")).removeAttr("aria-labelledby");
    // Several are asked for at once: a row may refer to any of them.
    select.on("select2:select select2:unselect", () => {
      const query = new URLSearchParams(clear);
      (select.val() || []).forEach((one) => query.append(select.attr("name"), one));
      window.location.search = query.toString();
    });
    select.on("select2:clear", () => { window.location.search = clear; });
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
