// The selected request: what was said, the stream as it grows, both bodies, headers, and why it got this answer.

import { call } from "./api.js";
import { Answer, turnsOf, turnsOfAnswer } from "./conversation.js";
import { byId, copy, el, icon, ICONS } from "./dom.js";
import { badge, bytes, clock, json, milliseconds, number, plural, remarks, tokensOf } from "./format.js";
import { curl, pytestReply, pythonCall } from "./snippets.js";
import { Timeline } from "./timeline.js";
import { turnElements } from "./turns.js";
import { welcome } from "./welcome.js";
import { reasons } from "./why.js";

const TABS = ["Conversation", "Stream", "Request", "Response", "Headers", "Why"];

export class Detail {
  constructor(address, onBack) {
    this.address = address;
    this.onBack = onBack;
    this.box = byId("detail");
    this.chosen = "Conversation";
    this.id = null;
  }

  /** Show a request, or with null the instructions shown while none is selected. */
  async show(id) {
    this.id = id;
    this.data = null;
    delete this.box.dataset.id;
    if (id === null) {
      this.box.replaceChildren(welcome(this.address));
      return;
    }
    this.answer = new Answer();
    this.timeline = new Timeline();
    this.next = 0;
    await this.load();
    this.box.scrollTop = 0;
  }

  focus() {
    this.box.focus();
  }

  tab(index) {
    if (!this.data || !TABS[index]) return;
    this.chosen = TABS[index];
    this.render();
  }

  /** Update the request after a change. Only one read is in progress at a time. */
  changed(summary) {
    if (summary.id !== this.id || !this.data) return;
    Object.assign(this.data, summary);
    this.load();
  }

  async load() {
    if (this.loading) {
      this.again = true;
      return;
    }
    this.loading = true;
    do {
      this.again = false;
      await this.read(this.id);
    } while (this.again);
    this.loading = false;
  }

  async read(id) {
    if (id === null) return;
    try {
      const data = await call("GET", `requests/${id}`);
      if (id !== this.id) return void (this.again = true);
      const first = !this.data;
      this.data = data;
      if (data.answer.streamed) await this.readParts(id);
      if (id === this.id) this.render(first);
    } catch (error) {
      if (id === this.id) this.box.replaceChildren(el("div.blank", {}, el("h2", {}, "This request is gone"), el("p.muted", {}, error.message)));
    }
  }

  async readParts(id) {
    let more = true;
    while (more) {
      const found = await call("GET", `requests/${id}/events?from=${this.next}`);
      if (id !== this.id) return;
      for (const part of found.events) {
        for (const event of this.answer.feed(part.data)) this.timeline.add(part.at_ms, event);
      }
      this.next = found.next;
      more = found.more;
    }
  }

  turns() {
    return this.data.answer.streamed ? this.answer.turns() : turnsOfAnswer(this.data.answer.body);
  }

  /** Show what is known. Buttons and tabs stay while the rest changes, so that neither click nor focus is lost. */
  render() {
    const { data } = this;
    if (this.shownId !== this.id || !this.box.contains(this.panel)) this.build();
    if (this.chosen === "Stream" && !data.answer.streamed) this.chosen = "Conversation";
    this.box.dataset.id = this.id;
    this.title.replaceChildren(...this.titleParts());
    this.facts.replaceChildren(...this.factParts());
    for (const [name, tab] of this.tabs) {
      tab.hidden = name === "Stream" && !data.answer.streamed;
      tab.setAttribute("aria-selected", name === this.chosen);
      tab.tabIndex = name === this.chosen ? 0 : -1;
    }
    this.tabs.get("Stream").lastChild.textContent = number(data.events);
    this.fill();
  }

  build() {
    const button = (label, make) => el("button.button.small", { type: "button", onclick: () => copy(make(this.data), label) }, icon(ICONS.copy), label);
    this.title = el("div.title-parts");
    this.facts = el("div.facts");
    this.tabs = new Map(TABS.map((name, index) => [name, el("button.tab", { type: "button", role: "tab", "data-tab": name, onclick: () => this.tab(index) }, name, name === "Stream" ? el("span.tally") : "")]));
    this.panel = el("div.panel", { role: "tabpanel", tabindex: "0" });
    this.box.replaceChildren(
      el("div.head", {},
        el("div.title", {}, el("button.button.icon.back", { type: "button", onclick: this.onBack, "aria-label": "Back to the list" }, icon(ICONS.back)), this.title),
        this.facts,
        el("div.copies", { role: "group", "aria-label": "Copy as" }, el("span.muted", {}, "Copy as"),
          button("curl", (data) => curl(this.address, data)),
          button("Python", (data) => pythonCall(this.address, data)),
          button("pytest reply", (data) => pytestReply(data, data.answer.streamed ? this.turns() : null)))),
      el("div.tabs", { role: "tablist", onkeydown: (event) => this.walk(event) }, [...this.tabs.values()]),
      this.panel);
    this.shownId = this.id;
    this.shownTab = null;
  }

  /** Go from tab to tab with the arrows. */
  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = TABS.filter((name) => !this.tabs.get(name).hidden);
    const next = names[(names.indexOf(this.chosen) + step + names.length) % names.length];
    this.tab(TABS.indexOf(next));
    this.tabs.get(next).focus();
  }

  fill() {
    const atEnd = this.panel.scrollHeight - this.panel.scrollTop - this.panel.clientHeight < 40;
    const same = this.shownTab === this.chosen;
    const top = this.panel.scrollTop;
    this.shownTab = this.chosen;
    if (this.chosen === "Stream") {
      this.timeline.show(this.panel, this.data);
    } else {
      this.panel.replaceChildren(...this.content());
    }
    if (!same) this.panel.scrollTop = 0;
    else this.panel.scrollTop = atEnd && this.data.state === "open" ? this.panel.scrollHeight : top;
  }

  content() {
    switch (this.chosen) {
      case "Request": return this.body("Request body", this.data.request);
      case "Response": return this.response();
      case "Headers": return [this.table("Request headers", Object.entries(this.data.request.headers)), this.table("Query", this.data.request.query), this.table("Response headers", Object.entries(this.data.answer.headers))].filter(Boolean);
      case "Why": return reasons(this.data);
      default: return this.conversation();
    }
  }

  titleParts() {
    const { data } = this;
    const { text, tone } = badge(data);
    return [el("span.badge", { "data-tone": tone }, text), el("h2.mono.clip", { title: data.path }, el("span.method", {}, data.method), " ", data.path)];
  }

  factParts() {
    const { data } = this;
    const total = tokensOf(data);
    const facts = [clock(data.arrived), milliseconds(data.duration_ms), data.events && plural(data.events, "event"), bytes(data.bytes), total && plural(total, "token")];
    const tags = remarks(data);
    if (data.attempt > 1) tags.unshift({ tone: "retry", text: `attempt ${data.attempt} after ${milliseconds(1000 * data.waited)}` });
    return [...(data.model ? [el("span.model.clip", {}, data.model)] : []), ...facts.filter(Boolean).map((fact) => el("span", {}, fact)),
      ...tags.map((one) => el("span.tag", { "data-tone": one.tone }, one.text))];
  }

  conversation() {
    const asked = turnsOf(this.data.request.body);
    const answered = this.turns();
    const elements = turnElements(asked);
    const tools = this.data.request.body?.tools;
    if (Array.isArray(tools) && tools.length) {
      elements.unshift(el("details.tools", {}, el("summary", {}, plural(tools.length, "tool"), el("span.muted", {}, tools.map((tool) => tool.function?.name ?? tool.name ?? tool.type).join(", "))), json(tools)));
    }
    elements.push(el("div.divider", {}, el("span", {}, this.data.state === "open" ? "answering" : "answer")));
    if (answered.length) elements.push(...turnElements(answered, this.data));
    else elements.push(this.unspoken());
    return [el("div.conversation", {}, elements)];
  }

  /** Return what to show if the answer has no text: an error, vectors, or a note. */
  unspoken() {
    const { answer, state, status } = this.data;
    if (answer.dropped) return el("p.note", {}, "This answer was dropped to make room for newer ones.");
    const error = answer.body?.error ?? (status >= 400 ? answer.body : null);
    if (error) return el("div.turn.error", {}, el("div.role", {}, `error ${status ?? ""}`), el("div.text", {}, typeof error === "string" ? error : error.message ?? JSON.stringify(error)));
    if (state === "open") return el("div.turn.assistant.waiting", {}, el("div.role", {}, "assistant"), el("span.dots", { "aria-label": "waiting" }, el("i"), el("i"), el("i")));
    if (answer.body !== undefined) return json(answer.body);
    return el("p.note", {}, answer.text ? answer.text : state === "left" ? "The caller left before anything was sent." : "No answer was sent.");
  }

  response() {
    const { answer } = this.data;
    if (answer.streamed) {
      const chunks = this.timeline.rows.map((row) => row.event.value ?? row.event.raw);
      return [this.caption(`Events of the stream (${number(chunks.length)})`, chunks), json(chunks.slice(0, 500)), chunks.length > 500 && el("p.note", {}, `The first 500 of ${number(chunks.length)}; the Stream tab has all of them.`)].filter(Boolean);
    }
    return this.body("Response body", answer);
  }

  body(title, { body, text, dropped }) {
    if (dropped) return [el("p.note", {}, "This answer was dropped to make room for newer ones.")];
    if (body !== undefined && body !== null) return [this.caption(title, body), json(body)];
    return text ? [this.caption(title, text), el("pre.code", {}, text)] : [el("p.note", {}, "There is no body.")];
  }

  caption(title, value) {
    const text = () => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
    return el("div.caption", {}, el("h3", {}, title), el("button.button.small", { type: "button", onclick: () => copy(text(), title) }, icon(ICONS.copy), "Copy"));
  }

  table(title, rows) {
    if (!rows.length) return null;
    return el("section.table", {}, el("h3", {}, title), el("dl", {}, rows.map(([name, value]) => [el("dt.mono", {}, name), el("dd.mono", {}, value)])));
  }
}
