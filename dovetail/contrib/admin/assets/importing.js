// A file that is too large is told before it is sent: the server refuses it without reading it.
import { inWords } from "./files.js";
import { gettext } from "./texts.js";

const OVERHEAD = 2048; // bytes of what is sent besides the file
const field = document.getElementById("import-file");
const told = Object.assign(document.createElement("div"), { className: "invalid-feedback d-block", id: "import-too-large" });
told.setAttribute("role", "alert");
field.after(told);
field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby")} ${told.id}`);

function look() {
  const file = field.files[0];
  const most = Number(field.dataset.maxSize) - OVERHEAD;
  told.textContent = file && file.size > most
    ? gettext("The file has %(size)s; %(taken)s are taken. Import it in parts.", { size: inWords(file.size), taken: inWords(most) })
    : "";
  field.classList.toggle("is-invalid", Boolean(told.textContent));
  field.setAttribute("aria-invalid", String(Boolean(told.textContent)));
  return !told.textContent;
}

field.addEventListener("change", look);
field.form.addEventListener("submit", (event) => {
  if (look()) return;
  event.preventDefault();
  field.focus();
});
if (field.files.length) look(); // chosen before this script ran
