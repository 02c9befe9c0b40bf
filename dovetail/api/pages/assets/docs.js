// Start Swagger UI; its own page does this with a script inside the page, which the policy of this one forbids.
"use strict";

// The bundle has a dark theme, and leaves it to its page to ask the device.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const show = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
show();
dark.addEventListener("change", show);

const place = document.getElementById("swagger-ui");
SwaggerUIBundle({
  dom_id: "#swagger-ui",
  url: place.dataset.url,
  layout: "BaseLayout",
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
  deepLinking: true,
  showExtensions: true,
  showCommonExtensions: true,
  validatorUrl: null, // it would send the document to another site
});
