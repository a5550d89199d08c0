// The switches: faults, pace and quotas, pause, reset, and the verdict.

import { call } from "./api.js";
import { byId, el, toast } from "./dom.js";
import { plural } from "./format.js";

const FAULTS = [
  ["429:times=2,wait=1", "Too many requests", "429 twice, with Retry-After: 1"],
  ["503", "Service unavailable", "one answer with 503"],
  ["cut:events=5", "Cut stream", "the connection ends after 5 events"],
  ["stall:events=3", "Silence", "nothing more comes after 3 events"],
  ["reset", "Connection reset", "before any answer"],
  ["error:events=3", "Error in the stream", "an error event after 3 events"],
  ["malformed:events=2", "Malformed event", "an event that is not JSON"],
  ["slow:seconds=0.2,times=1000", "Slow", "0.2 seconds before each event"],
  ["html", "A proxy's page", "HTML with status 200"],
  ["expired-token", "Expired token", "401 in the gateway's words"],
];

const SETTINGS = [
  ["latency", "Latency", "seconds before each answer", "any"],
  ["token_rate", "Token rate", "tokens per second in streams", "any"],
  ["requests_per_minute", "Requests per minute", "more get 429", "1"],
  ["tokens_per_minute", "Tokens per minute", "more get 429", "1"],
];

export class Controls {
  constructor(onOpen) {
    this.onOpen = onOpen;
    this.state = { settings: {}, faults: [], replies: [] };
    this.dialog = byId("dialog");
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    this.dialog.addEventListener("close", () => (this.fill = null));
    byId("pause").addEventListener("click", () => this.togglePause());
    byId("open-faults").addEventListener("click", () => this.openFaults());
    byId("open-pace").addEventListener("click", () => this.openPace());
    byId("open-verdict").addEventListener("click", () => this.openVerdict());
    byId("reset").addEventListener("click", () => this.confirmReset());
  }

  /** Show the emulator's state, whoever changed it. */
  show(state) {
    this.state = state;
    const { paused } = state.settings;
    byId("pause").setAttribute("aria-pressed", paused);
    byId("pause").querySelector("span").textContent = paused ? "Resume" : "Pause";
    document.body.classList.toggle("paused", paused);
    this.tally("fault-count", state.faults.filter((fault) => !fault.over).length);
    this.tally("pace-count", SETTINGS.filter(([name]) => state.settings[name]).length);
    if (this.fill && !this.dialog.contains(document.activeElement?.closest("input"))) this.fill();
  }

  tally(id, count) {
    byId(id).hidden = !count;
    byId(id).textContent = count;
  }

  async run(method, path, body) {
    try {
      return await call(method, path, body);
    } catch (error) {
      const box = this.dialog.open && this.dialog.querySelector(".problem");
      if (box) box.textContent = error.message;
      else toast(error.message);
      return null;
    }
  }

  togglePause() {
    return this.run("PATCH", "settings", { paused: !this.state.settings.paused });
  }

  open(fill) {
    this.fill = fill;
    this.dialog.oncancel = null;
    fill();
    if (!this.dialog.open) this.dialog.showModal();
  }

  content(title, ...children) {
    this.dialog.replaceChildren(el("div", {}, el("h2", { id: "dialog-title", tabindex: "-1", autofocus: true }, title), children, el("p.problem", { role: "alert" }),
      el("div.buttons", {}, el("button.button", { type: "button", onclick: () => this.dialog.close() }, "Close"))));
  }

  openFaults() {
    this.open(() => {
      const own = el("input.field.mono", { name: "fault", placeholder: "429:every=3,wait=0.5", "aria-label": "Custom fault", autocomplete: "off", spellcheck: "false" });
      const add = async (event) => {
        event.preventDefault();
        if (own.value.trim() && (await this.run("POST", "faults", { fault: own.value.trim() }))) own.value = "";
      };
      const active = this.state.faults.map((fault) => this.faultRow(fault));
      this.content("Faults",
        el("p.muted", {}, "Switch on what should go wrong. It affects your application's next request."),
        active.length > 0 && el("ul.rows-of-faults", {}, active),
        el("div.presets", {}, FAULTS.map(([fault, name, meaning]) => el("button.preset", { type: "button", "data-fault": fault, onclick: () => this.run("POST", "faults", { fault }) }, el("b", {}, name), el("span", {}, meaning)))),
        el("form.inline", { onsubmit: add }, own, el("button.button.primary", {}, "Add")));
    });
  }

  faultRow(fault) {
    const { id, struck, over, kind, ...settings } = fault;
    const text = Object.entries(settings).map(([name, value]) => `${name}=${value}`).join(", ");
    return el("li", { "data-over": over }, el("b.mono", {}, kind), el("span.muted.clip", {}, text), el("span.push"),
      el("span.muted", {}, over ? `over, struck ${struck}` : `struck ${struck}`),
      el("button.button.small", { type: "button", onclick: () => this.run("DELETE", `faults/${id}`) }, "Remove"));
  }

  openPace() {
    this.open(() => {
      const inputs = SETTINGS.map(([name, , , step]) => el("input.field", { type: "number", name, id: `set-${name}`, min: "0", step, value: this.state.settings[name] ?? "", placeholder: name === "latency" ? "0" : "no limit" }));
      const apply = async (event) => {
        event.preventDefault();
        const changes = Object.fromEntries(inputs.map((input) => [input.name, input.value === "" ? (input.name === "latency" ? 0 : null) : Number(input.value)]));
        if (await this.run("PATCH", "settings", changes)) this.dialog.close();
      };
      this.content("Pace and quotas",
        el("p.muted", {}, "Streams in progress follow too. New quotas start a new minute."),
        el("form.settings", { id: "pace", onsubmit: apply }, SETTINGS.map(([name, label, meaning], index) => el("label.setting", { for: `set-${name}` }, el("span", {}, el("b", {}, label), el("span.muted", {}, meaning)), inputs[index]))));
      this.dialog.querySelector(".buttons").append(el("button.button.primary", { form: "pace" }, "Apply"));
    });
  }

  async openVerdict() {
    const found = await this.run("GET", "verdict");
    if (!found) return;
    this.open(() => {
      this.content("Verdict", found.findings.length
        ? el("ul.findings", {}, found.findings.map((finding) => el("li", { "data-severity": finding.severity }, el("b", {}, finding.kind), el("p", {}, finding.message), finding.requests.map((id) => this.link(id)))))
        : el("p.muted", {}, "No problems: no ignored Retry-After, no retry without a wait, no truncated stream taken for complete, and no leaked key."));
    });
  }

  link(id) {
    const open = () => {
      this.dialog.close();
      this.onOpen(id);
    };
    return el("button.button.small", { type: "button", onclick: open }, `Request ${id}`);
  }

  confirmReset() {
    this.open(() => {
      const reset = async () => {
        if (await this.run("POST", "reset")) this.dialog.close();
      };
      this.content("Reset the emulator?",
        el("p.muted", {}, `This deletes all requests, ${plural(this.state.faults.length, "fault")} and the replies that were added, and restores the initial settings.`));
      this.dialog.querySelector(".buttons").append(el("button.button.danger", { type: "button", onclick: reset }, "Reset"));
    });
  }
}
