// Instructions while no request is selected.

import { copy, el, icon, ICONS } from "./dom.js";

export function welcome(address) {
  const exports = [
    `export AZURE_AI_CHAT_ENDPOINT=${address}`,
    `export OPENAI_BASE_URL=${address}/v1`,
    `export AZURE_OPENAI_ENDPOINT=${address}`,
    `export ANTHROPIC_BASE_URL=${address}`,
  ].join("\n");
  return el("div.blank", {},
    el("h2", {}, el("span.when-empty", {}, "Waiting for the first request"), el("span.when-full", {}, "Select a request")),
    el("p.muted.when-full", {}, "Or press ", el("kbd", {}, "j"), " to begin with the newest."),
    el("div.when-empty", {},
      el("p.muted", {}, "Point your application at this address. Its requests appear here as they arrive, and streams while they run."),
      el("div.caption", {}, el("h3", {}, "In a shell"), el("button.button.small", { type: "button", onclick: () => copy(exports, "Lines") }, icon(ICONS.copy), "Copy")),
      el("pre.code", {}, exports),
      el("p.muted", {}, "The key is the one that the emulator printed when it started.")));
}
