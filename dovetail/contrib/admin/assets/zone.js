// Offers the time zone of the device, once, to who has chosen none.
const offer = document.querySelector("[data-zone-offer]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (offer && zone && zone !== document.documentElement.dataset.zone) {
  const button = offer.querySelector("[data-zone-of-device]");
  button.value = zone;
  button.textContent = `${button.textContent.trim()}: ${zone}`;
  offer.hidden = false;
}
