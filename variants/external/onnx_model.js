// Attention as an ONNX model, written as the protobuf it is (onnx.proto3 of ONNX 1.18): node, initialiser and graph
// messages take a page, so that no generator has to be installed.
'use strict';

// The wire format: a field is (number << 3 | type), then a varint (type 0), four bytes (5) or a length and bytes (2).
function varint(value) {
  const bytes = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    const low = Number(rest & 127n);
    if (rest < 128n) return Buffer.from([...bytes, low]);
    bytes.push(low | 128);
  }
}
const integer = (field, value) => Buffer.concat([varint(field << 3), varint(value)]);
const bytes = (field, value) => {
  const data = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([varint((field << 3) | 2), varint(data.length), data]);
};
const float = (field, value) => {
  const data = Buffer.alloc(4);
  data.writeFloatLE(value);
  return Buffer.concat([varint((field << 3) | 5), data]);
};

const FLOAT = 1, INT64 = 7;  // TensorProto.DataType
const ATTRIBUTE = { float: 1, int: 2, ints: 7 };

function attribute(name, value) {
  let parts;
  if (Array.isArray(value)) parts = [...value.map((v) => integer(8, v)), integer(20, ATTRIBUTE.ints)];
  else if (typeof value === 'object') parts = [float(2, value.float), integer(20, ATTRIBUTE.float)];
  else parts = [integer(3, value), integer(20, ATTRIBUTE.int)];
  return bytes(5, Buffer.concat([bytes(1, name), ...parts]));
}

function valueInfo(name, shape) {
  const dims = Buffer.concat(shape.map((n) => bytes(1, integer(1, n))));
  const tensor = Buffer.concat([integer(1, FLOAT), bytes(2, dims)]);
  return Buffer.concat([bytes(1, name), bytes(2, bytes(1, tensor))]);
}

/** A graph under construction; every method that makes a value returns its name. */
class Graph {
  constructor() {
    this.nodes = [];
    this.constants = [];
    this.inputs = [];
    this.count = 0;
  }
  input(name, shape) {
    this.inputs.push(bytes(11, valueInfo(name, shape)));
    return name;
  }
  constant(data, shape) {
    const name = `constant${this.count++}`;
    const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    const type = data instanceof BigInt64Array ? INT64 : FLOAT;
    this.constants.push(
      bytes(5, Buffer.concat([...shape.map((n) => integer(1, n)), integer(2, type), bytes(8, name), bytes(9, raw)])));
    return name;
  }
  op(type, inputs, attributes = {}, domain = '') {
    const output = `value${this.count++}`;
    const body = [...inputs.map((name) => bytes(1, name)), bytes(2, output), bytes(4, type)];
    for (const [name, value] of Object.entries(attributes)) body.push(attribute(name, value));
    if (domain) body.push(bytes(7, domain));
    this.nodes.push(bytes(1, Buffer.concat(body)));
    return output;
  }
  reshape(value, shape) {
    return this.op('Reshape', [value, this.constant(BigInt64Array.from(shape, BigInt), [shape.length])]);
  }
  /** {model: ModelProto, output, probe}: the names of its two outputs, `output` of this shape and its first number. */
  finish(output, shape, opset) {
    const at = (n) => this.constant(new BigInt64Array(3).fill(BigInt(n)), [3]);
    const probe = this.op('Slice', [output, at(0), at(1)]);
    const outputs = [bytes(12, valueInfo(output, shape)), bytes(12, valueInfo(probe, [1, 1, 1]))];
    const graph = Buffer.concat([...this.nodes, bytes(2, 'attention'), ...this.constants, ...this.inputs, ...outputs]);
    const opsets = [['', opset], ['com.microsoft', 1]].map(
      ([domain, version]) => bytes(8, Buffer.concat([bytes(1, domain), integer(2, version)])));
    return { model: Buffer.concat([integer(1, opset >= 23 ? 11 : 8), bytes(7, graph), ...opsets]), output, probe };
  }
}

/** [q_len, kv_len]: 0 where query i sees key j, a large negative number elsewhere; causal, aligned bottom-right. */
function causalBias(graph, p) {
  const bias = new Float32Array(p.q_len * p.kv_len);
  for (let i = 0; i < p.q_len; ++i) {
    bias.fill(-3e38, i * p.kv_len + Math.min(p.kv_len, i + p.kv_len - p.q_len + 1), (i + 1) * p.kv_len);
  }
  return bias;
}

// Each core: q, k and v as names of [batch, length, heads * width] values; the name of the same kind of context.
const cores = {
  // com.microsoft.MultiHeadAttention, fused where ONNX Runtime can.
  mha(graph, p, q, k, v) {
    if (p.num_kv_heads !== p.num_heads) throw new Unsupported('MultiHeadAttention has as many key heads as query heads');
    const masked = p.causal && p.q_len > 1;
    const bottomRight = masked && p.q_len !== p.kv_len;  // unidirectional is aligned top-left
    const inputs = [q, k, v];
    if (bottomRight) inputs.push('', '', graph.constant(causalBias(graph, p), [1, 1, p.q_len, p.kv_len]));
    return graph.op('MultiHeadAttention', inputs,
      { num_heads: p.num_heads, scale: { float: 1 / Math.sqrt(p.head_dim) },
        unidirectional: masked && !bottomRight ? 1 : 0 },
      'com.microsoft');
  },
  // Attention of ONNX opset 23.
  attention(graph, p, q, k, v) {
    const masked = p.causal && p.q_len > 1;
    const bottomRight = masked && p.q_len !== p.kv_len;  // is_causal is aligned top-left
    const inputs = [q, k, v];
    if (bottomRight) inputs.push(graph.constant(causalBias(graph, p), [p.q_len, p.kv_len]));
    return graph.op('Attention', inputs,
      { q_num_heads: p.num_heads, kv_num_heads: p.num_kv_heads, scale: { float: 1 / Math.sqrt(p.head_dim) },
        is_causal: masked && !bottomRight ? 1 : 0 });
  },
  // What an exporter writes: heads apart, product, softmax, product. Grouped heads stand in a fifth dimension.
  decomposed(graph, p, q, k, v) {
    const group = p.num_heads / p.num_kv_heads;
    const heads = (value, length, perGroup, width, last) => {
      const grouped = group > 1;
      const shape = grouped ? [p.batch, length, p.num_kv_heads, perGroup, width] : [p.batch, length, p.num_heads, width];
      const perm = grouped ? [0, 2, 3, ...(last ? [4, 1] : [1, 4])] : [0, 2, ...(last ? [3, 1] : [1, 3])];
      return graph.op('Transpose', [graph.reshape(value, shape)], { perm });
    };
    const scale = graph.constant(Float32Array.of(1 / Math.sqrt(p.head_dim)), []);
    const scaled = graph.op('Mul', [heads(q, p.q_len, group, p.head_dim, false), scale]);
    let scores = graph.op('MatMul', [scaled, heads(k, p.kv_len, 1, p.head_dim, true)]);
    if (p.causal && p.q_len > 1) {
      scores = graph.op('Add', [scores, graph.constant(causalBias(graph, p), [p.q_len, p.kv_len])]);
    }
    const weights = graph.op('Softmax', [scores], { axis: -1 });
    const context = graph.op('MatMul', [weights, heads(v, p.kv_len, 1, p.value_head_dim, false)]);
    const perm = group > 1 ? [0, 3, 1, 2, 4] : [0, 2, 1, 3];
    return graph.reshape(graph.op('Transpose', [context], { perm }), [p.batch, p.q_len, p.num_heads * p.value_head_dim]);
  },
};

class Unsupported extends Error {}

/**
 * The model of one problem.
 * @param {string} mode a key of `cores`
 * @param {object} p the problem, as in a prepare request
 * @param {object} tensors name -> {shape}, as in a prepare request
 * @param {(name: string) => Float32Array} values of weights and biases (layer scope); they become initialisers
 * @param {boolean} selfAttention x_q and x_kv are one input, x
 * @returns {{model: Buffer, output: string, probe: string}} see Graph.finish; throws Unsupported
 */
function build(mode, p, tensors, values, selfAttention) {
  const graph = new Graph();
  const opset = mode === 'attention' ? 23 : 17;
  if (p.scope === 'core') {
    const [q, k, v] = ['q', 'k', 'v'].map((name) => graph.input(name, tensors[name].shape));
    return graph.finish(cores[mode](graph, p, q, k, v), tensors.out.shape, opset);
  }
  const project = (x, letter) => {
    const product = graph.op('MatMul', [x, graph.constant(values(`w${letter}`), tensors[`w${letter}`].shape)]);
    if (!p.bias) return product;
    return graph.op('Add', [product, graph.constant(values(`b${letter}`), [tensors[`b${letter}`].shape.at(-1)])]);
  };
  const xQ = graph.input('x_q', tensors.x_q.shape);
  const xKv = selfAttention ? xQ : graph.input('x_kv', tensors.x_kv.shape);
  const context = cores[mode](graph, p, project(xQ, 'q'), project(xKv, 'k'), project(xKv, 'v'));
  return graph.finish(project(context, 'o'), tensors.out.shape, opset);
}

module.exports = { build, Unsupported, modes: Object.keys(cores) };
