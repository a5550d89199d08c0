// The list of requests: newest first, retries under the attempt they led to, only what is on the screen in the document.

import { byId, el, icon, ICONS } from "./dom.js";
import { badge, clock, milliseconds, number, plural, remarks, route, tokensOf } from "./format.js";

const ROW = 64;
const EARLIER = 30;
const SPARE = 6;
const BUSY = 50;
const LONGEST_REST = 500;

const SEGMENTS = [
  ["all", "All", () => true],
  ["open", "Open", (request) => request.state === "open"],
  ["errors", "Errors", (request) => request.status >= 400 || request.state === "cut"],
  ["left", "Left", (request) => request.state === "left"],
  ["faults", "Faults", (request) => request.fault !== null],
  ["retries", "Retries", (request) => request.attempt > 1],
];

export class RequestList {
  constructor(onSelect) {
    this.requests = new Map();
    this.first = Infinity;
    this.kept = null;
    this.changes = 0;
    this.resting = 0;
    this.segment = "all";
    this.words = [];
    this.selected = null;
    this.lines = [];
    this.shown = new Map();
    this.onSelect = onSelect;
    this.box = byId("rows");
    this.spacer = byId("spacer");
    this.box.addEventListener("scroll", () => this.paint(), { passive: true });
    new ResizeObserver(() => this.paint()).observe(this.box);
    this.buttons = SEGMENTS.map(([name, label]) => el("button.segment", {
      type: "button", "aria-pressed": name === "all", "data-name": name, onclick: () => this.choose(name),
    }, label, el("span.tally")));
    byId("segments").append(...this.buttons);
    byId("search").addEventListener("input", (event) => this.search(event.target.value));
  }

  clear(kept) {
    this.requests.clear();
    this.first = Infinity;
    this.kept = kept;
    this.schedule();
  }

  update(request) {
    this.requests.set(request.id, request);
    this.first = Math.min(this.first, request.id);
    if (this.kept !== null && this.requests.size > this.kept) this.forgetFirst();
    this.changes += 1;
    this.schedule();
  }

  forgetFirst() {
    while (!this.requests.has(this.first)) this.first += 1;
    this.requests.delete(this.first);
  }

  choose(name) {
    this.segment = name;
    for (const button of this.buttons) button.setAttribute("aria-pressed", button.dataset.name === name);
    this.box.scrollTop = 0;
    this.schedule();
  }

  search(text) {
    this.words = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.box.scrollTop = 0;
    this.schedule();
  }

  select(id, { scroll = false } = {}) {
    this.selected = id;
    if (scroll) this.reveal(id);
    this.paint(true);
    this.onSelect(id);
  }

  /** Select the next line, or with -1 the one before. */
  move(step) {
    if (!this.lines.length) return;
    const at = this.lines.findIndex((line) => line.request.id === this.selected);
    const next = at < 0 ? 0 : Math.max(0, Math.min(this.lines.length - 1, at + step));
    this.select(this.lines[next].request.id, { scroll: true });
  }

  reveal(id) {
    const line = this.lines.find((one) => one.request.id === id);
    if (!line) return;
    const { scrollTop, clientHeight } = this.box;
    if (line.top < scrollTop) this.box.scrollTop = line.top;
    else if (line.top + line.height > scrollTop + clientHeight) this.box.scrollTop = line.top + line.height - clientHeight;
  }

  schedule() {
    if (this.scheduled) return;
    this.scheduled = true;
    const draw = () => {
      const began = performance.now();
      this.scheduled = false;
      this.arrange();
      this.paint(true);
      this.rest(performance.now() - began);
    };
    setTimeout(() => requestAnimationFrame(draw), Math.max(0, this.resting - performance.now()));
  }

  /** Pause longer if there is more to draw, so that thousands of requests cost the machine little. */
  rest(spent) {
    document.body.classList.toggle("busy", this.changes > BUSY);
    this.resting = performance.now() + Math.min(LONGEST_REST, 10 * spent + 5 * this.changes);
    this.changes = 0;
  }

  /** Compute the lines and their positions. */
  arrange() {
    const before = this.lines[0]?.top === 0 ? this.box.scrollTop : 0;
    const all = [...this.requests.values()].sort((a, b) => b.id - a.id);
    const keep = SEGMENTS.find(([name]) => name === this.segment)[2];
    const chains = this.segment === "all" && !this.words.length ? this.chains(all) : new Map();
    const lines = [];
    let top = 0;
    const place = (request, height, earlier) => {
      lines.push({ request, top, height, earlier });
      top += height;
    };
    for (const request of all) {
      if (chains.get(request.id) === "earlier" || !keep(request) || !this.says(request)) continue;
      place(request, ROW, false);
      for (const earlier of chains.get(request.id) ?? []) place(earlier, EARLIER, true);
    }
    // New requests come in above: what is being read stays where it is.
    const grown = top - this.height;
    this.lines = lines;
    this.height = top;
    this.spacer.style.height = `${top}px`;
    if (before > ROW && grown > 0 && this.segment === this.arranged) this.box.scrollTop = before + grown;
    this.arranged = this.segment;
    this.count(all);
  }

  /** Return for each last attempt the attempts before it, newest first, and for those the word "earlier". */
  chains(all) {
    const found = new Map();
    for (const request of all) {
      if (found.get(request.id) === "earlier") continue;
      const earlier = [];
      for (let id = request.retry_of; id !== null && this.requests.has(id); id = this.requests.get(id).retry_of) {
        earlier.push(this.requests.get(id));
        found.set(id, "earlier");
      }
      found.set(request.id, earlier);
    }
    return found;
  }

  says(request) {
    if (!this.words.length) return true;
    const text = `${request.preview} ${request.model} ${request.path} ${request.status} ${request.fault ?? ""} ${request.matched ?? ""}`.toLowerCase();
    return this.words.every((word) => text.includes(word));
  }

  count(all) {
    for (const [index, [, , keep]] of SEGMENTS.entries()) {
      const tally = index === 0 ? all.length : all.filter(keep).length;
      this.buttons[index].lastChild.textContent = tally ? number(tally) : "";
    }
    const tokens = all.reduce((sum, request) => sum + (tokensOf(request) ?? 0), 0);
    byId("totals").textContent = all.length ? `${plural(all.length, "request")}, ${plural(tokens, "token")}` : "";
    document.body.classList.toggle("empty", all.length === 0);
  }

  /** Add the visible lines to the document. */
  paint(again = false) {
    const { scrollTop, clientHeight } = this.box;
    const low = scrollTop - SPARE * ROW;
    const high = scrollTop + clientHeight + SPARE * ROW;
    const wanted = this.lines.filter((line) => line.top + line.height > low && line.top < high);
    const ids = new Set(wanted.map((line) => line.request.id));
    for (const [id, row] of this.shown) {
      if (!ids.has(id)) {
        row.element.remove();
        this.shown.delete(id);
      }
    }
    for (const line of wanted) this.place(line, again);
    const active = this.shown.get(this.selected);
    if (active) this.box.setAttribute("aria-activedescendant", active.element.id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  /** Position a line. Its element stays while its content changes, so that no click is lost. */
  place(line, again) {
    const { request } = line;
    const look = `${request.id === this.selected}|${line.earlier}`;
    let row = this.shown.get(request.id);
    if (!row) {
      row = { element: el("div", { id: `request-${request.id}`, role: "option", "data-id": request.id, onclick: () => this.select(request.id) }) };
      this.spacer.append(row.element);
      this.shown.set(request.id, row);
    }
    if (row.request !== request || (again && row.look !== look)) {
      row.element.className = line.earlier ? "row earlier" : "row";
      row.element.setAttribute("aria-selected", request.id === this.selected);
      row.element.replaceChildren(...this.content(line));
      Object.assign(row, { request, look });
    }
    row.element.style.transform = `translateY(${line.top}px)`;
  }

  content(line) {
    const { request } = line;
    const { text, tone } = badge(request);
    if (line.earlier) {
      const after = request.attempt > 1 ? ` after ${milliseconds(1000 * request.waited)}` : "";
      return [el("span.badge.small", { "data-tone": tone }, text), el("span.grow.clip", {}, `attempt ${request.attempt}${after}`),
        ...this.tags(request), el("time", {}, clock(request.arrived))];
    }
    return [el("span.badge", { "data-tone": tone }, text),
      el("div.grow", {},
        el("div.line", {}, el("span.preview.clip", {}, request.preview || `${request.method} ${request.path}`), el("time", {}, clock(request.arrived))),
        el("div.line", {}, el("div.facts.clip.grow", {}, ...this.facts(request)), ...this.tags(request), this.waited(request) ?? ""))];
  }

  facts(request) {
    const tokens = tokensOf(request);
    const facts = [el("span", { title: request.path }, route(request.path)), request.model && el("span", {}, request.model)];
    if (request.stream) facts.push(el("span.with-icon", { title: "streamed: events" }, icon(ICONS.stream), request.events ? number(request.events) : ""));
    if (tokens && !remarks(request).length && request.attempt === 1) facts.push(el("span", {}, `${number(tokens)} tokens`));
    if (request.duration_ms !== null) facts.push(el("span", {}, milliseconds(request.duration_ms)));
    return facts.filter(Boolean);
  }

  waited(request) {
    if (request.attempt < 2) return null;
    return el("span.tag.with-icon", { "data-tone": "retry", title: `attempt ${request.attempt}, ${request.waited} s after the one before` },
      icon(ICONS.retry), `attempt ${request.attempt} after ${milliseconds(1000 * request.waited)}`);
  }

  tags(request) {
    return remarks(request).map(({ text, tone }) => el("span.tag", { "data-tone": tone }, text));
  }
}
