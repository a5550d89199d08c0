// A stream as a timeline: when each event was sent, how long the gaps were, what it added.

import { el } from "./dom.js";
import { milliseconds, number } from "./format.js";

const SHOWN = 400;
const BARS = 120;
const STEP = 2000;

export class Timeline {
  constructor() {
    this.rows = [];
    this.skipped = 0;
  }

  add(at, event) {
    const before = this.rows.length ? this.rows[this.rows.length - 1].at : 0;
    this.rows.push({ at, gap: at - before, event });
  }

  /** Show it in a box. Existing events stay; new ones are added below. */
  show(box, data) {
    if (this.box !== box || !box.contains(this.table)) {
      this.box = box;
      this.figures = el("div.figures");
      this.bars = el("div.bars", { role: "img", "aria-label": "Events over time" });
      this.earlier = el("button.button.small", { type: "button", hidden: true, onclick: () => this.showEarlier() });
      this.table = el("div.events", { role: "log", "aria-label": "Events" });
      box.replaceChildren(this.figures, this.bars, this.earlier, this.table);
      this.drawn = Math.max(0, this.rows.length - SHOWN);
      this.skipped = this.drawn;
    }
    this.figures.replaceChildren(...this.summary(data));
    this.drawBars();
    const longest = Math.max(1, ...this.rows.slice(this.skipped).map((row) => row.gap));
    const fresh = this.rows.slice(this.drawn).map((row, index) => this.row(row, this.drawn + index, longest));
    this.table.append(...fresh);
    this.drawn = this.rows.length;
    while (this.table.childElementCount > 3 * SHOWN && data.state === "open") {
      this.table.firstChild.remove();
      this.skipped += 1;
    }
    this.labelEarlier();
  }

  showEarlier() {
    const from = Math.max(0, this.skipped - STEP);
    const longest = Math.max(1, ...this.rows.map((row) => row.gap));
    this.table.prepend(...this.rows.slice(from, this.skipped).map((row, index) => this.row(row, from + index, longest)));
    this.skipped = from;
    this.labelEarlier();
  }

  labelEarlier() {
    this.earlier.hidden = this.skipped === 0;
    const all = `${number(this.skipped)} earlier events`;
    this.earlier.textContent = this.skipped > STEP ? `Show ${number(STEP)} of ${all}` : `Show ${all}`;
  }

  summary(data) {
    const first = this.rows[0]?.at;
    const last = this.rows[this.rows.length - 1]?.at;
    const gaps = this.rows.slice(1).map((row) => row.gap);
    const rate = gaps.length && last > first ? (gaps.length * 1000) / (last - first) : null;
    const figures = [
      ["first event", milliseconds(first) || "–"],
      ["events", number(this.rows.length)],
      ["events per second", rate === null ? "–" : rate < 10 ? rate.toFixed(1) : number(Math.round(rate))],
      ["longest gap", gaps.length ? milliseconds(Math.max(...gaps)) : "–"],
      ["ended", { open: "not yet", left: "caller left", cut: "cut", done: data.answer.whole ? "whole" : "early" }[data.state]],
    ];
    return figures.map(([name, value]) => el("div.figure", {}, el("b", {}, value), el("span", {}, name)));
  }

  /** Draw the number of events in each interval. */
  drawBars() {
    const last = this.rows[this.rows.length - 1]?.at ?? 1;
    const counts = new Array(BARS).fill(0);
    for (const row of this.rows) counts[Math.min(BARS - 1, Math.floor((row.at / (last || 1)) * BARS))] += 1;
    const most = Math.max(1, ...counts);
    this.bars.replaceChildren(...counts.map((count) => {
      const bar = el(count ? "i.beat" : "i");
      bar.style.setProperty("--height", `${count ? Math.max(8, (100 * count) / most) : 0}%`);
      return bar;
    }));
  }

  row({ at, gap, event }, index, longest) {
    const bar = el("i.gap");
    bar.style.setProperty("--width", `${Math.min(100, (100 * gap) / longest)}%`);
    const text = event.text ? el("span.added", {}, JSON.stringify(event.text).slice(1, -1)) : el("span.raw.clip", {}, event.raw);
    return el("div.event", { title: event.raw.slice(0, 2000) }, el("span.n", {}, index + 1), el("span.at", {}, `+${milliseconds(at)}`), el("span.gaps", {}, bar), text);
  }
}
