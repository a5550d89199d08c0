// Shortcuts, active unless the user is typing.

import { byId, el } from "./dom.js";
import { toggleTheme } from "./theme.js";

const SHORTCUTS = [
  ["j  k", "next and previous request"],
  ["1 – 6", "conversation, stream, request, response, headers, why"],
  ["/", "search"],
  ["p", "pause or resume"],
  ["f", "faults"],
  ["l", "latency, token rate, quotas"],
  ["v", "verdict"],
  ["t", "light or dark"],
  ["Esc", "back to the list"],
];

export function showHelp() {
  const dialog = byId("dialog");
  dialog.replaceChildren(el("div", {}, el("h2", { id: "dialog-title" }, "Keyboard"),
    el("dl.shortcuts", {}, SHORTCUTS.map(([keys, meaning]) => [el("dt", {}, ...keys.split("  ").map((key) => el("kbd", {}, key))), el("dd", {}, meaning)])),
    el("div.buttons", {}, el("button.button", { type: "button", onclick: () => dialog.close() }, "Close"))));
  dialog.oncancel = null;
  if (!dialog.open) dialog.showModal();
}

/** Leave a field. Browsers empty one for searches too late to say so: the list would stay filtered. */
function leave(field) {
  if (field.type === "search" && field.value) {
    field.value = "";
    field.dispatchEvent(new Event("input"));
  }
  field.blur();
}

export function bindKeys({ list, detail, controls, close }) {
  const keys = {
    j: () => list.move(1), ArrowDown: () => list.move(1),
    k: () => list.move(-1), ArrowUp: () => list.move(-1),
    "/": () => byId("search").focus(),
    p: () => controls.togglePause(),
    f: () => controls.openFaults(),
    l: () => controls.openPace(),
    v: () => controls.openVerdict(),
    t: toggleTheme,
    "?": showHelp,
    Escape: () => {
      close();
      byId("rows").focus();
    },
    Enter: () => detail.focus(),
  };
  byId("open-help").addEventListener("click", showHelp);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("dialog").open) return;
    const typing = event.target.closest("input, textarea, select");
    if (typing) {
      if (event.key === "Escape") leave(typing);
      return;
    }
    const inDetail = event.target.closest("#detail");
    if (inDetail && event.key.startsWith("Arrow")) return;
    if (event.key === "Enter" && event.target.closest("button, a")) return;
    const action = keys[event.key] ?? (/^[1-6]$/.test(event.key) ? () => detail.tab(Number(event.key) - 1) : null);
    if (!action) return;
    event.preventDefault();
    action();
  });
}
