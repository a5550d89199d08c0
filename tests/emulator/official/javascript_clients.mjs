// Calls the emulator with one of the JavaScript clients that people use, unmodified: javascript_clients.mjs NAME URL KEY
//
// Prints a JSON object: what became of each case, "ok" or the error. How a client is called is how its documentation
// calls it.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [name, url, key, packages] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${packages}/`));
const load = async (module) => import(pathToFileURL(require.resolve(module)));

const HELLO = "Hello! How can I help you today?";
const say = (content) => [{ role: "user", content }];
const PARAMETERS = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const TOOL = {
  type: "function",
  function: { name: "get_weather", description: "Weather of a city", parameters: PARAMETERS },
};
const PERSON = {
  type: "object",
  properties: { name: { type: "string" }, age: { type: "integer" } },
  required: ["name", "age"],
  additionalProperties: false,
};
const FORMAT = { type: "json_schema", json_schema: { name: "person", schema: PERSON, strict: true } };
const ADA = { name: "Ada", age: 36 };

const joined = async (stream, text) => {
  let found = "";
  for await (const item of stream) found += text(item) ?? "";
  return found;
};
const refused = async (call) => {
  const error = await call().then(() => assert.fail("a wrong key was let in"), (failure) => failure);
  assert.equal(error.status ?? error.statusCode, 401, String(error.stack));
};

const clients = {
  async openai() {
    const { default: OpenAI } = await load("openai");
    const make = (apiKey) => new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries: 0 });
    const client = make(key);
    const create = (options) => client.chat.completions.create({ model: "gpt-4o", ...options });
    return {
      plain: async () => assert.equal((await create({ messages: say("Hello") })).choices[0].message.content, HELLO),
      stream: async () => {
        const stream = await create({ messages: say("count to 4"), stream: true });
        assert.equal(await joined(stream, (chunk) => chunk.choices[0]?.delta.content), "1 2 3 4");
      },
      tools: async () => {
        const answer = await create({ messages: say("What is the weather in Oslo?"), tools: [TOOL] });
        const [call] = answer.choices[0].message.tool_calls;
        assert.deepEqual(JSON.parse(call.function.arguments), { city: "Oslo" });
      },
      structured: async () => {
        const options = { model: "gpt-4o", messages: say("Ask Ada, 36"), response_format: FORMAT };
        const answer = await client.chat.completions.parse(options);
        assert.deepEqual(JSON.parse(answer.choices[0].message.content), ADA);
      },
      embeddings: async () => {
        const answer = await client.embeddings.create({ model: "e", input: ["a", "b"] });
        assert.deepEqual(answer.data.map((item) => item.embedding.length), [1024, 1024]);
      },
      error: () => refused(() => make("wrong").chat.completions.create({ model: "m", messages: say("Hello") })),
    };
  },

  async "azure-rest-ai-inference"() {
    const { default: module, isUnexpected } = await load("@azure-rest/ai-inference");
    const ModelClient = module.default ?? module; // which of the two depends on how Node reads the package
    const { AzureKeyCredential } = await load("@azure/core-auth");
    const make = (given, path = "/models") =>
      ModelClient(`${url}${path}`, new AzureKeyCredential(given), { allowInsecureConnection: true });
    const client = make(key);
    const ask = async (body, from = client) => {
      const response = await from.path("/chat/completions").post({ body: { model: "m", ...body } });
      if (isUnexpected(response)) throw Object.assign(new Error(JSON.stringify(response.body)), { status: +response.status });
      return response.body;
    };
    return {
      plain: async () => assert.equal((await ask({ messages: say("Hello") })).choices[0].message.content, HELLO),
      stream: async () => {
        const body = { model: "m", messages: say("count to 4"), stream: true };
        const response = await client.path("/chat/completions").post({ body }).asNodeStream();
        const text = await joined(response.body, (bytes) => bytes.toString());
        const events = text.split("\n\n").filter((event) => event && !event.endsWith("[DONE]"));
        const chunks = events.map((event) => JSON.parse(event.slice("data: ".length)));
        assert.equal(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join(""), "1 2 3 4");
      },
      tools: async () => {
        const answer = await ask({ messages: say("What is the weather in Oslo?"), tools: [TOOL] });
        assert.deepEqual(JSON.parse(answer.choices[0].message.tool_calls[0].function.arguments), { city: "Oslo" });
      },
      structured: async () => {
        const answer = await ask({ messages: say("Ask Ada, 36"), response_format: FORMAT });
        assert.deepEqual(JSON.parse(answer.choices[0].message.content), ADA);
      },
      embeddings: async () => {
        const response = await client.path("/embeddings").post({ body: { model: "e", input: ["a", "b"] } });
        assert.equal(response.body.data.length, 2);
      },
      error: () => refused(() => ask({ messages: say("Hello") }, make("wrong"))),
    };
  },

  async mistralai() {
    const { Mistral } = await load("@mistralai/mistralai");
    const make = (apiKey) => new Mistral({ serverURL: url, apiKey, retryConfig: { strategy: "none" } });
    const client = make(key);
    const ask = (options) => client.chat.complete({ model: "m", ...options });
    const tool = { type: "function", function: TOOL.function };
    return {
      plain: async () => assert.equal((await ask({ messages: say("Hello") })).choices[0].message.content, HELLO),
      stream: async () => {
        const stream = await client.chat.stream({ model: "m", messages: say("count to 4") });
        assert.equal(await joined(stream, (event) => event.data.choices[0].delta.content), "1 2 3 4");
      },
      tools: async () => {
        const answer = await ask({ messages: say("What is the weather in Oslo?"), tools: [tool] });
        const [call] = answer.choices[0].message.toolCalls;
        assert.deepEqual(JSON.parse(call.function.arguments), { city: "Oslo" });
      },
      structured: async () => {
        const jsonSchema = { name: "person", schemaDefinition: PERSON, strict: true };
        const answer = await ask({ messages: say("Ask Ada, 36"), responseFormat: { type: "json_schema", jsonSchema } });
        assert.deepEqual(JSON.parse(answer.choices[0].message.content), ADA);
      },
      embeddings: async () => {
        assert.equal((await client.embeddings.create({ model: "e", inputs: ["a", "b"] })).data.length, 2);
      },
      models: async () => assert.equal((await client.models.list()).data[0].type, "base"),
      error: () => refused(() => make("wrong").chat.complete({ model: "m", messages: say("Hello") })),
    };
  },

  async "ai-sdk-azure"() {
    const { createAzure } = await load("@ai-sdk/azure");
    const make = (apiKey) => createAzure({ baseURL: `${url}/openai/v1`, apiKey });
    return vercel(make(key), make("wrong"), (provider) => provider.chat("gpt-4o"), (provider) => provider.embedding("e"));
  },

  async "ai-sdk-openai-compatible"() {
    const { createOpenAICompatible } = await load("@ai-sdk/openai-compatible");
    const make = (apiKey) =>
      createOpenAICompatible({ name: "emulator", baseURL: `${url}/v1`, apiKey, supportsStructuredOutputs: true });
    const embed = (provider) => (provider.embeddingModel ?? provider.textEmbeddingModel)("e");
    return vercel(make(key), make("wrong"), (provider) => provider("gpt-4o"), embed);
  },

  async anthropic() {
    const { default: Anthropic } = await load("@anthropic-ai/sdk");
    const make = (apiKey) => new Anthropic({ baseURL: url, apiKey, maxRetries: 0 });
    const client = make(key);
    const options = { model: "claude-sonnet-4-5", max_tokens: 500 };
    const ask = (more) => client.messages.create({ ...options, ...more });
    return {
      plain: async () => assert.equal((await ask({ messages: say("Hello") })).content[0].text, HELLO),
      stream: async () => {
        const stream = client.messages.stream({ ...options, messages: say("count to 4") });
        assert.equal(await stream.finalText(), "1 2 3 4");
      },
      tools: async () => {
        const tool = { name: "get_weather", description: "Weather of a city", input_schema: PARAMETERS };
        const answer = await ask({ messages: say("What is the weather in Oslo?"), tools: [tool] });
        assert.deepEqual(answer.content.filter((block) => block.type === "tool_use")[0].input, { city: "Oslo" });
      },
      structured: async () => {
        const format = { type: "json_schema", schema: PERSON };
        const answer = await client.messages.parse({ ...options, messages: say("Ask Ada, 36"), output_config: { format } });
        assert.deepEqual(JSON.parse(answer.content[0].text), ADA);
      },
      error: () => refused(() => make("wrong").messages.create({ ...options, messages: say("Hello") })),
    };
  },
};

async function vercel(provider, wrong, chat, embedding) {
  const { embedMany, generateText, jsonSchema, Output, streamText, tool } = await load("ai");
  const model = chat(provider);
  const ask = (options) => generateText({ model, maxRetries: 0, ...options });
  return {
    plain: async () => assert.equal((await ask({ prompt: "Hello" })).text, HELLO),
    stream: async () => {
      const { textStream } = streamText({ model, prompt: "count to 4" });
      assert.equal(await joined(textStream, (text) => text), "1 2 3 4");
    },
    tools: async () => {
      const get_weather = tool({ description: "Weather of a city", inputSchema: jsonSchema(PARAMETERS) });
      const { toolCalls } = await ask({ prompt: "What is the weather in Oslo?", tools: { get_weather } });
      assert.deepEqual(toolCalls[0].input, { city: "Oslo" });
    },
    structured: async () => {
      const output = Output.object({ schema: jsonSchema(PERSON) });
      assert.deepEqual((await ask({ prompt: "Ask Ada, 36", output })).output, ADA);
    },
    embeddings: async () => {
      const { embeddings } = await embedMany({ model: embedding(provider), values: ["a", "b"] });
      assert.equal(embeddings.length, 2);
    },
    error: () => refused(() => generateText({ model: chat(wrong), prompt: "Hello", maxRetries: 0 })),
  };
}

const outcome = {};
for (const [title, test] of Object.entries(await clients[name]())) {
  outcome[title] = await test().then(() => "ok", (error) => String(error.stack ?? error));
}
console.log(JSON.stringify(outcome));
