// What the pages of the back office do beyond forms and links; SQLAdmin's main.js sets up lookups and date pickers.
(function () {
  "use strict";

  // The tools for selected rows are usable when there are some.
  const tools = document.getElementById("selection-tools");
  const boxes = Array.from(document.querySelectorAll(".select-box"));

  function showSelection() {
    const count = boxes.filter((box) => box.checked).length;
    document.getElementById("selection-count").textContent = count ? count + " selected" : "";
    tools.querySelectorAll("button").forEach((button) => { button.disabled = count === 0; });
    const all = document.getElementById("select-all");
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  }

  if (tools) {
    boxes.forEach((box) => box.addEventListener("change", showSelection));
    document.getElementById("select-all").addEventListener("change", showSelection);
    window.addEventListener("pageshow", showSelection);
  }

  // Filters by a related object, chosen by typing.
  $('[data-role="relation-filter"]').each(function () {
    const select = $(this);
    const name = select.attr("name");
    const clear = select.data("clear");
    select.select2({
      allowClear: true,
      minimumInputLength: 1,
      placeholder: "Type to search",
      ajax: {
        url: select.data("url"),
        dataType: "json",
        delay: 200,
        data: (typed) => ({ name: name, term: typed.term }),
      },
    });
    select.on("select2:select", (event) => {
      const query = new URLSearchParams(clear);
      query.set(name, event.params.data.id);
      window.location.search = query.toString();
    });
    select.on("select2:clear", () => { window.location.search = clear; });
  });

  // A field takes the focus when its lookup opens, so that typing works at once.
  $(document).on("select2:open", () => {
    const field = document.querySelector(".select2-container--open .select2-search__field");
    if (field) field.focus();
  });
})();
