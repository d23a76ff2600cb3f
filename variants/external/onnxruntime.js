// ONNX Runtime as an engine (docs/adding.md, "An engine"), through its npm package onnxruntime-node.
//   node --single-threaded-gc onnxruntime.js mha | attention | decomposed
// With threads of its own, V8 gives the memory of a freed handle back after the answer to `free`: half a gigabyte took one
// of them 25 to 75 ms of processor time in the next request, partly inside of its clocks.
'use strict';
const fs = require('fs');
const v8 = require('v8');
const vm = require('vm');
const { build, Unsupported, modes } = require('./onnx_model.js');

const mode = process.argv[2];
const titles = {
  mha: 'MultiHeadAttention operator',
  attention: 'Attention operator of opset 23',
  decomposed: 'MatMul, Softmax, MatMul',
};
// Answers have a descriptor of their own; whatever a library prints goes where its errors go. Node has no dup2, but what
// is opened gets the lowest number that is free.
const answers = fs.openSync('/proc/self/fd/1', 'w');
fs.closeSync(1);
fs.openSync('/proc/self/fd/2', 'a');
const say = (answer) => fs.writeSync(answers, JSON.stringify(answer) + '\n');

function load() {
  if (!modes.includes(mode)) throw new Error(`usage: node onnxruntime.js ${modes.join(' | ')}`);
  let version;
  try {
    version = require('onnxruntime-node/package.json').version;
  } catch {
    say({ missing: 'npm package onnxruntime-node is not installed; ./reproduce.sh --peers installs it' });
    process.exit(0);
  }
  try {
    // The native session below the public one, whose run() goes through a promise and a turn of the event loop:
    // that costs an engine time and is no work of ONNX Runtime's.
    const { binding, initOrt } = require('onnxruntime-node/dist/binding.js');
    const { Tensor } = require('onnxruntime-common');
    initOrt();
    return { binding, Tensor, version };
  } catch (error) {
    say({ missing: `onnxruntime-node ${version} does not load: ${String(error.message).split('\n')[0]}` });
    process.exit(0);
  }
}
const { binding, Tensor, version } = load();
v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc');

const PAGE = 65536;  // of WebAssembly
const handles = new Map();

// Fresh memory that begins on a page. A plain ArrayBuffer begins 16 bytes after a multiple of 64, so that every vector
// load of an input would straddle two cache lines.
const aligned = (size) => new WebAssembly.Memory({ initial: Math.ceil(size / PAGE) }).buffer;

function readAll(file, buffer, tensors, names) {
  const fd = fs.openSync(file, 'r');
  try {
    for (const name of names) {
      const view = tensors[name](buffer);
      const target = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      for (let done = 0; done < target.length;) {
        const n = fs.readSync(fd, target, done, Math.min(target.length - done, 1 << 30), tensors[name].at + done);
        if (n === 0) throw new Error(`${file} ends before tensor ${name}`);
        done += n;
      }
    }
  } finally {
    fs.closeSync(fd);
  }
}

function prepare(request) {
  const p = request.problem;
  if (p.dtype !== 'f32') throw new Unsupported(`dtype ${p.dtype}: f32 only`);
  if (p.causal && p.q_len > p.kv_len) throw new Unsupported('causal with more queries than keys: a row sees nothing');
  const given = request.tensors;
  const size = (name) => given[name].shape.reduce((a, b) => a * b, 1);
  const inputs = Object.keys(given).filter((name) => name !== 'out');
  const selfAttention = p.scope === 'layer' && given.x_q.offset === given.x_kv.offset;

  const total = Math.max(...Object.keys(given).map((name) => given[name].offset + 4 * size(name)));
  if (total > 65536 * PAGE) throw new Unsupported('tensors of more than 4 GiB: Node has no aligned memory as large');
  const buffer = aligned(total);
  const view = (name) => new Float32Array(buffer, given[name].offset, size(name));
  const tensors = Object.fromEntries(
    Object.keys(given).map((name) => [name, Object.assign(() => view(name), { at: given[name].offset })]));
  readAll(request.file, buffer, tensors, inputs);

  const session = new binding.InferenceSession();
  const { model, output, probe } = build(mode, p, given, view, selfAttention);
  session.loadModel(model.buffer, model.byteOffset, model.byteLength, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: request.num_threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Threads may spin for work while a run lasts, not after it: the cores are another engine's then.
    extra: { session: { force_spinning_stop: '1' } },
    ...(process.env.HEADCOUNT_ONNX_PROFILE && { enableProfiling: true, profileFilePrefix: process.env.HEADCOUNT_ONNX_PROFILE }),
  });
  const tensor = (name) => new Tensor('float32', view(name), given[name].shape);
  const fed = p.scope === 'core' ? ['q', 'k', 'v'] : selfAttention ? ['x_q'] : ['x_q', 'x_kv'];
  handles.set(request.handle, {
    session,
    feeds: Object.fromEntries(fed.map((name) => [name, tensor(name)])),
    // The binding copies each fetched output into fresh memory, also where it was given a place for it: 0.1 to 0.4 ms
    // for a megabyte, most of it page faults. A timed run computes all of `out` and fetches its first number.
    probe: { [probe]: new Tensor('float32', new Float32Array(1), [1, 1, 1]) },
    fetches: { [output]: tensor('out') },
    reread: () => readAll(request.file, buffer, tensors, fed),
    out: view('out'),
    outAt: given.out.offset,
    file: request.file,
  });
}

function run({ handle, times }) {
  const { session, feeds, probe } = handles.get(handle);
  const cpuBefore = process.cpuUsage();
  const before = process.hrtime.bigint();
  for (let i = 0; i < times; ++i) session.run(feeds, probe, {});
  const wall = process.hrtime.bigint() - before;
  const cpu = process.cpuUsage(cpuBefore);
  return { wall_s: Number(wall) / 1e9, cpu_s: (cpu.user + cpu.system) / 1e6 };
}

function writeOutput({ handle }) {
  const { session, feeds, fetches, out, outAt, file } = handles.get(handle);
  session.run(feeds, fetches, {});  // the same computation once more, fetched
  const fd = fs.openSync(file, 'r+');
  const bytes = new Uint8Array(out.buffer, out.byteOffset, out.byteLength);
  try {
    for (let done = 0; done < bytes.length;) {
      done += fs.writeSync(fd, bytes, done, Math.min(bytes.length - done, 1 << 30), outAt + done);
    }
  } finally {
    fs.closeSync(fd);
  }
}

function free({ handle }) {
  const { session } = handles.get(handle);
  if (process.env.HEADCOUNT_ONNX_PROFILE) session.endProfiling();
  session.dispose();
  handles.delete(handle);
  collectGarbage();
}

// Read where they are answered: a turn of the event loop would stand between a request and its run.
function* lines() {
  const chunk = Buffer.alloc(PAGE);
  for (let rest = '';;) {
    const n = fs.readSync(0, chunk);
    if (n === 0) return;
    const parts = (rest + chunk.toString('utf8', 0, n)).split('\n');
    rest = parts.pop();
    yield* parts;
  }
}

function answer(request) {
  try {
    switch (request.do) {
      case 'prepare': prepare(request); return { ok: {} };
      case 'inputs': handles.get(request.handle).reread(); return { ok: {} };
      case 'run': return { ok: run(request) };
      case 'output': writeOutput(request); return { ok: {} };
      case 'free': free(request); return { ok: {} };
      default: return { failed: `no request ${request.do}` };
    }
  } catch (error) {
    if (error instanceof Unsupported) return { unsupported: error.message };
    return { failed: String(error.message).split('\n')[0] };
  }
}

say({
  protocol: 1,
  rereads: true,
  engine: `ONNX Runtime ${version}, ${titles[mode]}`,
  facts: { onnxruntime: version, node: process.versions.node, binding: 'onnxruntime-node' },
});
for (const line of lines()) say(answer(JSON.parse(line)));
