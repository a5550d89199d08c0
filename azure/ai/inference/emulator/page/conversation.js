// What was said, read from the request and the answer of Chat Completions, Responses and Messages alike.

const list = (value) => (Array.isArray(value) ? value : []);

/** Return the turns of a request: `{role, parts}`, a part being text, reasoning, a call, a result or a file. */
export function turnsOf(body) {
  if (!body || typeof body !== "object") return [];
  const turns = [];
  const system = body.instructions ?? body.system;
  if (system) turns.push({ role: "system", parts: partsOf(system) });
  const said = body.messages ?? body.input;
  if (typeof said === "string") turns.push({ role: "user", parts: [{ kind: "text", text: said }] });
  for (const item of list(said)) turns.push(turnOf(item));
  return turns;
}

function turnOf(item) {
  if (item === null || (typeof item !== "object" && typeof item !== "string")) return { role: "message", parts: [{ kind: "text", text: JSON.stringify(item) }] };
  if (typeof item === "string") return { role: "input", parts: [{ kind: "text", text: item }] };
  if (item.type === "function_call") return { role: "assistant", parts: [call(item.name, item.arguments, item.call_id)] };
  if (item.type === "function_call_output") return { role: "tool", parts: [{ kind: "result", text: textOf(item.output), id: item.call_id }] };
  if (item.type === "reasoning") return { role: "assistant", parts: [{ kind: "reasoning", text: list(item.summary).map((part) => part.text).join("\n") }] };
  if (item.role === "tool") return { role: "tool", parts: [{ kind: "result", text: textOf(item.content), id: item.tool_call_id }] };
  return { role: item.role ?? item.type ?? "message", parts: messageParts(item) };
}

function messageParts(message) {
  const parts = [];
  const reasoning = message.reasoning_content ?? message.reasoning;
  if (typeof reasoning === "string" && reasoning) parts.push({ kind: "reasoning", text: reasoning });
  parts.push(...partsOf(message.content));
  if (message.refusal) parts.push({ kind: "refusal", text: message.refusal });
  for (const one of list(message.tool_calls)) parts.push(call(one.function?.name, one.function?.arguments, one.id));
  return parts;
}

function partsOf(content) {
  if (typeof content === "string") return splitThoughts(content);
  return list(content).map((part) => {
    if (part === null || typeof part !== "object") return { kind: "text", text: String(part) };
    switch (part.type) {
      case "text": case "input_text": case "output_text": return { kind: "text", text: part.text ?? "" };
      case "thinking": return { kind: "reasoning", text: typeof part.thinking === "string" ? part.thinking : textOf(part.thinking) };
      case "refusal": return { kind: "refusal", text: part.refusal ?? "" };
      case "tool_use": return call(part.name, part.input, part.id);
      case "tool_result": return { kind: "result", text: textOf(part.content), id: part.tool_use_id };
      case "image_url": case "input_image": return { kind: "image", url: part.image_url?.url ?? part.image_url ?? "" };
      case "image": return { kind: "image", url: part.source?.data ? `data:${part.source.media_type};base64,${part.source.data}` : part.source?.url ?? "" };
      default: return { kind: "other", text: part.type ?? "part", value: part };
    }
  });
}

function splitThoughts(text) {
  const match = /^\s*<think>([\s\S]*?)(?:<\/think>\s*|$)/.exec(text);
  if (!match) return text ? [{ kind: "text", text }] : [];
  const rest = text.slice(match[0].length);
  return [{ kind: "reasoning", text: match[1].trim() }, ...(rest ? [{ kind: "text", text: rest }] : [])];
}

const call = (name, given, id) => ({ kind: "call", name: name ?? "?", arguments: typeof given === "string" ? given : JSON.stringify(given ?? {}), id });

function textOf(content) {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return content === undefined ? "" : JSON.stringify(content);
  return content.map((part) => part.text ?? JSON.stringify(part)).join("\n");
}

/** Return the turns of a whole answer. */
export function turnsOfAnswer(body) {
  if (!body || typeof body !== "object") return [];
  if (Array.isArray(body.choices)) return body.choices.map((choice) => ({ role: "assistant", parts: messageParts(choice.message ?? {}), finish: choice.finish_reason }));
  if (Array.isArray(body.output)) return body.output.map((item) => (item.type === "message" ? { role: "assistant", parts: partsOf(item.content) } : turnOf(item)));
  if (Array.isArray(body.content)) return [{ role: body.role ?? "assistant", parts: partsOf(body.content), finish: body.stop_reason }];
  return [];
}

/** Gathers the events of a stream into the answer they make. It receives them as they arrive. */
export class Answer {
  constructor() {
    this.choices = new Map();
    this.rest = "";
  }

  /** Add a part of the answer. Return the JSON values of the events that it completes. */
  feed(text) {
    const events = (this.rest + text).split(/\r?\n\r?\n/);
    this.rest = events.pop();
    return events.map((event) => this.take(event));
  }

  take(event) {
    const data = event.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trim()).join("\n");
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return { raw: data || event, text: "" };
    }
    return { raw: data, value, text: this.merge(value) };
  }

  merge(value) {
    if (Array.isArray(value?.choices)) return value.choices.map((choice) => this.mergeDelta(choice.index ?? 0, choice.delta ?? {}, choice.finish_reason)).join("");
    const delta = value?.delta;
    switch (value?.type) {
      case "response.output_text.delta": return this.add(0, "text", delta);
      case "response.reasoning_summary_text.delta": return this.add(0, "reasoning", delta);
      case "response.output_item.added": return value.item?.type === "function_call" ? this.addCall(0, value.output_index, value.item.name, value.item.arguments, value.item.call_id) : "";
      case "response.function_call_arguments.delta": return this.addCall(0, value.output_index, "", delta);
      case "content_block_start": return value.content_block?.type === "tool_use" ? this.addCall(0, value.index, value.content_block.name, "", value.content_block.id) : "";
      case "content_block_delta": return this.mergeBlock(value.index, delta ?? {});
      case "message_delta": this.choice(0).finish = delta?.stop_reason; return "";
      default: return "";
    }
  }

  mergeBlock(index, delta) {
    if (delta.type === "text_delta") return this.add(0, "text", delta.text);
    if (delta.type === "thinking_delta") return this.add(0, "reasoning", delta.thinking);
    return delta.type === "input_json_delta" ? this.addCall(0, index, "", delta.partial_json) : "";
  }

  mergeDelta(index, delta, finish) {
    if (finish) this.choice(index).finish = finish;
    let text = this.add(index, "reasoning", delta.reasoning_content ?? delta.reasoning ?? "");
    text += this.add(index, "text", typeof delta.content === "string" ? delta.content : textOf(delta.content ?? ""));
    text += this.add(index, "refusal", delta.refusal ?? "");
    for (const one of list(delta.tool_calls)) text += this.addCall(index, one.index ?? 0, one.function?.name, one.function?.arguments, one.id);
    return text;
  }

  choice(index) {
    if (!this.choices.has(index)) this.choices.set(index, { reasoning: "", text: "", refusal: "", calls: new Map(), finish: null });
    return this.choices.get(index);
  }

  add(index, member, text) {
    if (!text) return "";
    this.choice(index)[member] += text;
    return text;
  }

  addCall(index, number, name, given, id) {
    const { calls } = this.choice(index);
    if (!calls.has(number)) calls.set(number, { name: "", arguments: "", id });
    const one = calls.get(number);
    one.name += name ?? "";
    one.arguments += given ?? "";
    return (name ?? "") + (given ?? "");
  }

  turns() {
    return [...this.choices.values()].map((choice) => {
      const parts = choice.reasoning ? [{ kind: "reasoning", text: choice.reasoning }] : [];
      parts.push(...splitThoughts(choice.text));
      if (choice.refusal) parts.push({ kind: "refusal", text: choice.refusal });
      for (const one of choice.calls.values()) parts.push(call(one.name, one.arguments, one.id));
      return { role: "assistant", parts, finish: choice.finish };
    });
  }
}
