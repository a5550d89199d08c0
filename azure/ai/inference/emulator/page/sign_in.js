// The token, where the page was opened without it.

import { call } from "./api.js";
import { byId, el } from "./dom.js";

/** Ask for the token until the emulator accepts it. */
export function askForToken() {
  const dialog = byId("dialog");
  const input = el("input.field.mono", { type: "password", autocomplete: "off", "aria-label": "Token", required: true });
  const problem = el("p.problem", { role: "alert" });
  return new Promise((done) => {
    const submit = async (event) => {
      event.preventDefault();
      try {
        await call("POST", "session", { token: input.value.trim() });
        dialog.close();
        done();
      } catch (error) {
        problem.textContent = error.message;
      }
    };
    dialog.replaceChildren(el("form", { onsubmit: submit },
      el("h2", { id: "dialog-title" }, "This page needs its token"),
      el("p.muted", {}, "The emulator prints an address with the token when it starts. Open that, or paste the token here."),
      input, problem, el("div.buttons", {}, el("button.button.primary", {}, "Show the requests"))));
    dialog.oncancel = (event) => event.preventDefault();
    if (!dialog.open) dialog.showModal();
    input.focus();
  });
}
