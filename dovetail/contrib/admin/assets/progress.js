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
    if (line.state === "failed") return end(`${place.dataset.failed} ${line.message}`);
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
    const button = place.querySelector(".action-progress-stop");
    button.addEventListener("click", () => stop.abort());
    button.focus();
    try {
      // What has to be asked again is sent as a form is, and answered with a page.
      if (await send(stop) === "asked") form.submit();
    } catch (error) {
      end(error.name === "AbortError" ? place.dataset.stopped : place.dataset.lost);
    }
  });
}
