// Turns of a conversation as elements.

import { el, icon, ICONS } from "./dom.js";
import { json } from "./format.js";

const KEPT_OPEN = 4000;
const ORDINARY = new Set([undefined, null, "stop", "end_turn", "tool_calls", "tool_use"]);

/** Return an element for each turn. The answer's own turns say how they ended. */
export function turnElements(turns, answer = null) {
  return turns.map((turn, index) => {
    const last = answer && index === turns.length - 1;
    const parts = turn.parts.map(partElement);
    if (last && answer.state === "open") {
      const caret = el("span.caret", { "aria-hidden": "true" });
      if (parts.at(-1)?.matches(".text")) parts.at(-1).append(caret);
      else parts.push(caret);
    }
    if (!parts.length) parts.push(el("span.muted", {}, "nothing"));
    const finish = ORDINARY.has(turn.finish) ? null : turn.finish;
    return el(`div.turn.${/^[a-z_]+$/.test(turn.role) ? turn.role : "message"}`, {}, el("div.role", {}, turn.role, finish && el("span.tag", { "data-tone": "warn" }, finish), last && ending(answer)), parts);
  });
}

function ending(answer) {
  if (answer.state === "left") return el("span.tag.with-icon", { "data-tone": "warn" }, icon(ICONS.leave), `the caller left after event ${answer.left_after}`);
  return answer.state === "cut" ? el("span.tag", { "data-tone": "bad" }, `cut after ${answer.events} events`) : null;
}

function partElement(part) {
  switch (part.kind) {
    case "reasoning": return el("details.reasoning", { open: part.text.length < KEPT_OPEN }, el("summary", {}, "Reasoning"), el("div.text", {}, part.text));
    case "call": return el("div.call", {}, el("div.call-name.mono", {}, icon(ICONS.bolt), part.name, part.id && el("span.muted", {}, part.id)), argumentsElement(part.arguments));
    case "result": return el("div.text.mono", {}, part.text);
    case "refusal": return el("div.text.refusal", {}, part.text);
    case "image": return part.url.startsWith("data:image/") ? el("img.picture", { src: part.url, alt: "an image of the request" }) : el("div.text.mono.muted", {}, part.url || "an image");
    case "other": return el("details", {}, el("summary.mono", {}, part.text), json(part.value));
    default: return el("div.text", {}, part.text);
  }
}

function argumentsElement(text) {
  try {
    return json(JSON.parse(text));
  } catch {
    return el("pre.code", {}, text);
  }
}
