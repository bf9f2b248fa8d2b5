// Runs one check with the official client, unchanged but for its base URL: node check.mjs NAME BASE_URL MODEL [ADMIN_URL].
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";

const [name, baseURL, model, admin] = process.argv.slice(2);
const client = new OpenAI({ apiKey: "not-used", baseURL, maxRetries: 0, timeout: 30_000 });
const messages = [{ role: "user", content: "Hello" }];
const tools = [{ type: "function", function: { name: "weather", description: "Tells the weather", parameters: { type: "object", properties: { city: { type: "string" } } } } }];

// Sequences in the whole fleet, running or waiting.
async function active() {
  const nodes = await (await fetch(admin)).json();
  return nodes.reduce((sum, node) => sum + node.running + node.waiting, 0);
}

const checks = {
  async chat() {
    const { data, response } = await client.chat.completions.create({ model, messages, max_tokens: 12 }).withResponse();
    assert.equal(data.choices[0].finish_reason, "length");
    assert.equal(data.choices[0].message.content.trim().split(" ").length, 12);
    assert.equal(data.usage.completion_tokens, 12);
    assert.ok(response.headers.get("x-infermesh-node"));
  },

  async stream() {
    const stream = await client.chat.completions.create({ model, messages, max_tokens: 12, stream: true, stream_options: { include_usage: true } });
    let words = 0, usage = null, finish = null;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta?.content) words++;
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    assert.deepEqual([words, finish, usage.completion_tokens], [12, "length", 12]);
  },

  async tools() {
    const first = await client.chat.completions.create({ model, messages, tools, max_tokens: 12 });
    const [call] = first.choices[0].message.tool_calls;
    assert.deepEqual([first.choices[0].finish_reason, call.type, call.function.name], ["tool_calls", "function", "weather"]);
    const second = await client.chat.completions.create({
      model, tools, max_tokens: 12, messages: [...messages, first.choices[0].message, { role: "tool", tool_call_id: call.id, content: "sunny" }],
    });
    assert.ok(second.choices[0].message.content.length > 0);
  },

  async "tools-stream"() {
    const completion = await client.chat.completions.stream({ model, messages, tools, max_tokens: 12 }).finalChatCompletion();
    const call = completion.choices[0].message.tool_calls[0];
    assert.equal(call.function.name, "weather");
    assert.deepEqual(JSON.parse(call.function.arguments), { synthetic: true });
  },

  async completion() {
    const answer = await client.completions.create({ model, prompt: "Hello", max_tokens: 5 });
    assert.equal(answer.usage.completion_tokens, 5);
  },

  async embeddings() {
    const answer = await client.embeddings.create({ model, input: ["one", "two"], dimensions: 16 });
    assert.deepEqual(answer.data.map((d) => d.embedding.length), [16, 16]);
    assert.ok(answer.data[0].embedding.every((v) => typeof v === "number"));
    assert.ok(answer.usage.prompt_tokens > 0);
  },

  async models() {
    const ids = [];
    for await (const served of client.models.list()) ids.push(served.id);
    assert.ok(ids.includes(model), ids.join());
    assert.equal((await client.models.retrieve(model)).id, model);
    await assert.rejects(client.models.retrieve("nobody/serves-this"), OpenAI.NotFoundError);
  },

  async errors() {
    await assert.rejects(client.chat.completions.create({ model: "nobody-serves-this", messages }), (e) => e instanceof OpenAI.NotFoundError && e.code === "model_not_found");
    await assert.rejects(client.chat.completions.create({ model: 7, messages }), (e) => e instanceof OpenAI.BadRequestError && e.param === "model");
    await assert.rejects(client.chat.completions.create({ model, messages, max_tokens: "many" }), (e) => e instanceof OpenAI.BadRequestError && e.param === "max_tokens");
    await assert.rejects(client.chat.completions.create({ model, messages: [] }), (e) => e instanceof OpenAI.BadRequestError && e.param === "messages");
  },

  async cancel() {
    const before = await active();
    const stream = await client.chat.completions.create({ model, messages, max_tokens: 100_000, stream: true });
    let seen = 0;
    for await (const chunk of stream) if (chunk.choices[0]?.delta?.content && ++seen === 3) break;
    assert.equal(seen, 3);
    for (let i = 0; (await active()) > before; i++) {
      assert.ok(i < 200, "the runtime still generates for a client that is gone");
      await sleep(10);
    }
    const early = new AbortController();
    const request = client.chat.completions.create({ model, messages, max_tokens: 100_000 }, { signal: early.signal });
    setTimeout(() => early.abort(), 200);
    await assert.rejects(request, OpenAI.APIUserAbortError);
    for (let i = 0; (await active()) > before; i++) {
      assert.ok(i < 200, "the runtime still generates for a client that is gone");
      await sleep(10);
    }
  },
};

await checks[name]();
console.log(`${name}: ok`);
