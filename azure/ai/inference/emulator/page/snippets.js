// A request as something to run again: curl, Python, or a reply for a test.

import { turnsOfAnswer } from "./conversation.js";

const KEY = "AZURE_AI_CHAT_KEY";
const SENT_ALWAYS = new Set(["host", "connection", "content-length", "accept-encoding", "accept", "user-agent", "authorization", "api-key", "x-api-key", "content-type"]);

const shell = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function target(address, detail) {
  const query = new URLSearchParams(detail.request.query).toString();
  return address + detail.path + (query ? `?${query}` : "");
}

const bodyText = (detail) => (detail.request.body === null ? detail.request.text : JSON.stringify(detail.request.body));

function ownHeaders(detail) {
  return Object.entries(detail.request.headers).filter(([name, value]) => !SENT_ALWAYS.has(name) && !/^(x-stainless|x-ms-client|sec-|traceparent)/.test(name) && !value.includes("***"));
}

export function curl(address, detail) {
  const lines = [`curl ${shell(target(address, detail))}`];
  if (detail.method !== "POST") lines[0] += ` -X ${detail.method}`;
  lines.push(`  -H "api-key: $${KEY}"`);
  for (const [name, value] of ownHeaders(detail)) lines.push(`  -H ${shell(`${name}: ${value}`)}`);
  const body = bodyText(detail);
  if (body) lines.push("  -H 'content-type: application/json'", `  -d ${shell(body)}`);
  if (detail.stream) lines.push("  --no-buffer");
  return lines.join(" \\\n");
}

/** Return a JSON value as Python writes it. */
export function python(value, indent = 0) {
  const pad = "    ".repeat(indent + 1);
  const end = "    ".repeat(indent);
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const items = Array.isArray(value)
    ? value.map((item) => python(item, indent + 1))
    : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${python(item, indent + 1)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const flat = open + items.join(", ") + close;
  if (flat.length < 80 && !flat.includes("\n")) return flat;
  return `${open}\n${items.map((item) => `${pad}${item},\n`).join("")}${end}${close}`;
}

export function pythonCall(address, detail) {
  const { body } = detail.request;
  if (!detail.path.endsWith("/chat/completions") || !body) return urllibCall(address, detail);
  const { messages, stream, ...options } = body;
  const base = address + detail.path.replace(/\/chat\/completions$/, "");
  const head = `import os\n\nfrom azure.ai.inference import ChatCompletionsClient\n\nclient = ChatCompletionsClient(${JSON.stringify(base)}, os.environ["${KEY}"])\n`;
  const given = [`messages=${python(messages, 1)}`];
  const extras = Object.fromEntries(Object.entries(options).filter(([name]) => !/^[a-z_]+$/.test(name)));
  for (const [name, value] of Object.entries(options)) if (!(name in extras)) given.push(`${name}=${python(value, 1)}`);
  if (Object.keys(extras).length) given.push(`model_extras=${python(extras, 1)}`);
  if (stream) given.push("stream=True");
  const call = `client.complete(\n${given.map((one) => `    ${one},\n`).join("")})`;
  if (stream) return `${head}updates = ${call}\nfor update in updates:\n    print(update.choices[0].delta.content if update.choices else "", end="")\n`;
  return `${head}answer = ${call}\nprint(answer.choices[0].message.content)\n`;
}

function urllibCall(address, detail) {
  const body = detail.request.body === null ? "None" : `json.dumps(${python(detail.request.body)}).encode()`;
  return `import json\nimport os\nimport urllib.request\n\nrequest = urllib.request.Request(\n    ${JSON.stringify(target(address, detail))},\n    data=${body},\n    headers={"api-key": os.environ["${KEY}"], "content-type": "application/json"},\n    method=${JSON.stringify(detail.method)},\n)\nwith urllib.request.urlopen(request) as response:\n    print(response.read().decode())\n`;
}

/** Return a test that receives the same answer as this request. */
export function pytestReply(detail, turns) {
  const lines = ["def test_it(inference_endpoint):"];
  const conditions = conditionsOf(detail);
  if (detail.source === "fault" && detail.fault_settings) {
    const { kind, ...settings } = detail.fault_settings;
    const given = Object.entries(settings).map(([name, value]) => `, ${name}=${python(value)}`).join("");
    return `from azure.ai.inference.emulator import Fault\n\n\ndef test_it(inference_endpoint):\n    inference_endpoint.fault(Fault(${JSON.stringify(kind)}${given}))\n`;
  }
  const answer = turns ?? turnsOfAnswer(detail.answer.body);
  if (!answer.length || detail.status >= 400) {
    const said = { body: detail.answer.body ?? detail.answer.text, status: detail.status ?? 200 };
    lines.push(`    inference_endpoint.reply(${python(said, 1)}${conditions})`);
  } else {
    lines.push(`    inference_endpoint.reply(${python(simple(answer), 1)}${conditions})`);
  }
  return `${lines.join("\n")}\n`;
}

function conditionsOf(detail) {
  const last = detail.preview.slice(0, 60).replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return (last ? `, last=${JSON.stringify(last)}` : "") + (detail.model ? `, model=${JSON.stringify(detail.model)}` : "");
}

function simple(turns) {
  const replies = turns.map(({ parts }) => {
    const join = (kind) => parts.filter((part) => part.kind === kind).map((part) => part.text).join("");
    const calls = parts.filter((part) => part.kind === "call").map((part) => ({ name: part.name, arguments: part.arguments }));
    const found = { content: join("text") };
    if (join("reasoning")) found.reasoning = join("reasoning");
    if (join("refusal")) found.refusal = join("refusal");
    if (calls.length) found.tool_calls = calls;
    return Object.keys(found).length === 1 ? found.content : found;
  });
  return replies.length === 1 ? replies[0] : { choices: replies };
}
