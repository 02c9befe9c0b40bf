// Send a form whose task takes long, and tell how far it is; to stop it, or to leave the page, undoes all of it.
const form = document.querySelector("form[data-progress]");
const language = document.documentElement.lang;
const place = form && document.getElementById(form.dataset.progress);

async function* linesOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) if (line) yield JSON.parse(line);
  }
}

function end(text) {
  const told = place.querySelector(".action-progress-text");
  place.querySelector("progress").hidden = true;
  place.querySelector(".action-progress-stop").hidden = true;
  place.querySelector(".action-progress-back").hidden = false;
  told.textContent = text;
  told.focus();
}

// What was typed is there to be corrected, below what is told of it.
function endUndone(text) {
  end(text);
  const body = form.querySelector(".card-body");
  if (!form.querySelector('input:not([type="hidden"]), select, textarea')) return;
  const told = body.querySelector(".action-undone") || document.createElement("div");
  Object.assign(told, { className: "alert alert-danger action-undone", tabIndex: -1, textContent: text });
  told.setAttribute("role", "alert");
  body.prepend(told);
  place.hidden = true;
  form.hidden = false;
  told.focus();
}

async function send(stop) {
  const response = await fetch(form.action || window.location.href, {
    method: "POST",
    body: new FormData(form),
    headers: { Accept: "application/x-ndjson" },
    signal: stop.signal,
  });
  if (!response.ok || !response.headers.get("Content-Type").startsWith("application/x-ndjson")) return "asked";
  for await (const line of linesOf(response)) {
    if (line.state === "asked") return "asked";
    if (line.state === "done") return end(line.message);
    if (line.state === "failed") return endUndone(`${place.dataset.failed} ${line.message}`);
    if (line.of) {
      place.querySelector("progress").value = line.done;
      place.querySelector(".action-progress-text").textContent = place.dataset.working
        .replace("{done}", line.done.toLocaleString(language)).replace("{of}", line.of.toLocaleString(language));
    }
  }
  return end(place.dataset.lost);
}

if (place && !form.querySelector('input[type="file"]')) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const stop = new AbortController();
    form.hidden = true;
    place.hidden = false;
    place.querySelector("progress").value = 0;
    place.querySelector("progress").hidden = false;
    place.querySelector(".action-progress-text").textContent = "";
    place.querySelector(".action-progress-back").hidden = true;
    const button = place.querySelector(".action-progress-stop");
    button.hidden = false;
    button.addEventListener("click", () => stop.abort(), { once: true });
    button.focus();
    try {
      // What has to be asked again is sent as a form is, and answered with a page.
      if (await send(stop) === "asked") form.submit();
    } catch (error) {
      if (error.name === "AbortError") endUndone(place.dataset.stopped);
      else end(place.dataset.lost);
    }
  });
}
