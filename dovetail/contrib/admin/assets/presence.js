// Says that this page is open, and shows who else has the same object open. What the page said when it was made is
// replaced only by something else, so that a screen reader tells each change once.

const EVERY = 20_000; // milliseconds; a row ends 60 seconds after the last word
const place = document.querySelector("[data-presence]");
const editing = place.dataset.editing === undefined ? "0" : "1";
let timer = 0;
let isOver = false;

function body(more) {
  const sent = new FormData();
  for (const [name, value] of Object.entries({ csrf_token: place.dataset.token, editing, ...more })) sent.append(name, value);
  return sent;
}

function show(text) {
  if (place.textContent === text) return;
  place.hidden = !text;
  place.textContent = text;
}

async function beat() {
  clearTimeout(timer);
  if (isOver || document.visibilityState !== "visible") return;
  try {
    const answer = await fetch(place.dataset.presence, { method: "POST", headers: { Accept: "application/json" }, body: body({}) });
    if (answer.ok) show((await answer.json()).text);
    else if (answer.status < 500) {
      isOver = true; // logged out, or the object is gone: who is there is no longer known
      show("");
    }
  } catch {
    // The network is away: another time.
  }
  clearTimeout(timer);
  timer = setTimeout(beat, EVERY);
}

document.addEventListener("visibilitychange", beat);
window.addEventListener("pagehide", () => {
  clearTimeout(timer);
  if (!isOver) navigator.sendBeacon(place.dataset.presence, body({ leave: "1" }));
});
window.addEventListener("pageshow", (event) => { if (event.persisted) beat(); });
beat();
