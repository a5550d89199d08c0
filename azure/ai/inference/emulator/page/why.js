// Why a request got its answer, in sentences.

import { el } from "./dom.js";
import { json, milliseconds } from "./format.js";

const SOURCES = {
  default: "No scripted reply matched, so the emulator generated the answer.",
  reply: "A scripted reply matched.",
  cassette: "The cassette has an answer for it.",
  recording: "The real endpoint answered, and the exchange was recorded.",
  refusal: "The request was refused, as the service would refuse it.",
  quota: "The quota of this minute is used up.",
  fault: "A fault struck in place of an answer.",
};

/** Return paragraphs, the most important first. */
export function reasons(data) {
  const found = [["Answer", SOURCES[data.source]]];
  if (data.matched) found.push(["Matched", data.matched, "mono"]);
  if (data.nearest_miss) found.push(["Nearest miss", data.nearest_miss, "mono"]);
  if (data.fault) found.push(["Fault", data.fault_settings]);
  if (data.retry_of) found.push(["Attempt", `${data.attempt}: it repeats request ${data.retry_of}, which failed, after ${milliseconds(1000 * data.waited)}.`]);
  if (data.retry_after !== null) found.push(["Wait", `The answer asks the caller to wait ${milliseconds(1000 * data.retry_after)}.`]);
  if (data.state === "left") found.push(["Caller", data.events ? `It closed the connection after ${data.left_after} events had been sent.` : "It closed the connection before anything was sent."]);
  if (data.state === "cut") found.push(["Connection", "The emulator cut it."]);
  if (data.leaks.length) found.push(["Leak", `A credential is in ${data.leaks.join(" and in ")}.`, "bad"]);
  return [el("dl.reasons", {}, found.map(([name, value, look]) => [el("dt", {}, name), el(look ? `dd.${look}` : "dd", {}, typeof value === "object" ? json(value) : value)]))];
}
