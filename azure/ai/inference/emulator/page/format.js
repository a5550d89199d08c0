// Format numbers, times and requests.

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const NUMBER = new Intl.NumberFormat("en");

export const clock = (iso) => CLOCK.format(new Date(iso));
export const number = (value) => NUMBER.format(value);
export const plural = (count, word) => `${number(count)} ${word}${count === 1 ? "" : "s"}`;

export function milliseconds(value) {
  if (value === null || value === undefined) return "";
  if (value < 1) return "<1 ms";
  if (value < 1000) return `${Math.round(value)} ms`;
  return value < 60000 ? `${(value / 1000).toFixed(2)} s` : `${(value / 60000).toFixed(1)} min`;
}

export function bytes(value) {
  if (value < 1024) return `${value} B`;
  return value < 1048576 ? `${(value / 1024).toFixed(1)} kB` : `${(value / 1048576).toFixed(1)} MB`;
}

/** Return the part of a path that names the operation, such as `chat`. */
export function route(path) {
  const match = /(?:^|\/)(chat(?=\/completions)|images\/[a-z]+|responses|messages|embeddings|models|info|files|batches)(?=\/|$)/.exec(path);
  return match ? match[1] : path.replace(/^\//, "");
}

export const tokensOf = (request) => request.tokens.total_tokens
  ?? ((request.tokens.input_tokens ?? 0) + (request.tokens.output_tokens ?? 0) || undefined);

/** Return how a request ended, as a short text and the tone of its badge. */
export function badge(request) {
  if (request.state === "open") return { text: request.status ?? "···", tone: "open" };
  if (request.state === "left") return { text: request.status ?? "left", tone: "warn" };
  if (request.status === null) return { text: "reset", tone: "bad" };
  if (request.state === "cut") return { text: request.status, tone: "bad" };
  return { text: request.status, tone: request.status >= 500 ? "bad" : request.status >= 400 ? "warn" : "good" };
}

/** Return the short remarks that a list shows beside a request. */
export function remarks(request) {
  const found = [];
  if (request.fault) found.push({ tone: "fault", text: `fault ${request.fault}` });
  if (request.state === "left") found.push({ tone: "warn", text: request.left_after ? `caller left after ${request.left_after}` : "caller left" });
  if (request.state === "cut") found.push({ tone: "bad", text: request.events ? `cut after ${request.events}` : "cut" });
  if (request.source === "quota") found.push({ tone: "warn", text: "quota" });
  if (request.leaks.length) found.push({ tone: "bad", text: "leaks a key" });
  return found;
}

/** Return a JSON value with its tokens as spans, or as plain text where it is very long. A short one is one line. */
export function json(value) {
  const flat = JSON.stringify(value) ?? "null";
  const text = flat.length < 60 ? flat.replace(/("(?:\\.|[^"\\])*")|([,:])/g, (all, string) => string ?? `${all} `) : JSON.stringify(value, null, 2);
  const pre = document.createElement("pre");
  pre.className = "code";
  if (text.length > 300000) {
    pre.textContent = text;
    return pre;
  }
  const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  let last = 0;
  for (const match of text.matchAll(token)) {
    pre.append(text.slice(last, match.index));
    const span = document.createElement("span");
    span.className = match[1] ? (match[2] ? "key" : "string") : /[a-z]/.test(match[0][0]) ? "word" : "number";
    span.textContent = match[1] ?? match[0];
    pre.append(span, match[2] ?? "");
    last = match.index + match[0].length;
  }
  pre.append(text.slice(last));
  return pre;
}
