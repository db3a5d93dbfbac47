import { ZtlError } from "../../errors.ts";
import { BACK_BYTES, BEGIN, beginningsOf, COMPLETE } from "./beginnings.ts";

/** Columns of the table: one for each value of a byte. */
const WIDTH_BITS = 8;
const WIDTH = 1 << WIDTH_BITS;
const ASCII_CASE_BIT = 0x20;
/** The table takes 512 bytes for each state, 8 MB in all. Ours need less than half of them; the rest is for an organisation's own. */
const STATES_MAX = 16_384;
/** Literals that end in one state are bits of an integer. Of ours no more than thirteen end in one. */
const OUTPUTS_MAX = 32;

/** A literal, and which bytes may follow it (any when absent); the end of the text always may. */
export interface Literal {
  readonly bytes: Uint8Array;
  readonly nextByte?: ((byte: number) => boolean) | undefined;
}

/**
 * All literals of all rules in one deterministic automaton (Aho and Corasick, 1975): one table step per byte, however
 * many literals there are. Letters are matched in either case; who wants more compares the bytes on a hit.
 */
export class Automaton {
  /** Sixteen bits for a state: a table half as large misses the cache half as often. */
  readonly #table: Uint16Array;
  /** Pairs of bytes with which literals begin. */
  readonly #beginnings: Uint8Array;
  /** States below this number know one byte at most: what follows them follows them anywhere. */
  readonly #firstDeep: number;
  /** States from this number on end some literal. */
  readonly #firstAccepting: number;
  readonly #outputs: readonly Int32Array[];
  /** By accepting state and the byte after it: one bit for each of the state's outputs that may be followed by it. */
  readonly #possible: Int32Array;
  /** Bytes of the longest literal: what stands before so many is forgotten. */
  readonly longest: number;

  /** Throws ZtlError `rules-too-many`. */
  constructor(literals: readonly Literal[]) {
    const trie = buildTrie(literals);
    const { order, firstDeep, firstAccepting } = ordered(trie);
    this.#beginnings = beginningsOf(
      literals.map(({ bytes }) => bytes),
      casesOf,
    );
    this.#firstDeep = firstDeep;
    this.#firstAccepting = firstAccepting;
    this.#table = buildTable(trie, order);
    const outputs: Int32Array[] = [];
    trie.forEach((node, index) => {
      const rank = (order[index] as number) - firstAccepting;
      if (rank >= 0) outputs[rank] = Int32Array.from(node.outputs);
    });
    this.#outputs = outputs;
    this.longest = literals.reduce((most, { bytes }) => Math.max(most, bytes.length), 0);
    this.#possible = possibleOutputs(literals, outputs);
  }

  /**
   * Calls `hit` with the literal's number and its end (exclusive) for those that end from `first` to `last`, in order of ends. False
   * when `hit` gave false, which ends it.
   */
  scan(bytes: Uint8Array, first: number, last: number, hit: (literal: number, end: number) => boolean): boolean {
    const table = this.#table;
    const [firstDeep, firstAccepting] = [this.#firstDeep, this.#firstAccepting];
    const possible = this.#possible;
    const allOutputs = this.#outputs;
    const length = bytes.length;
    /** Nothing that ends before is told: it was, or is not asked for. */
    let told = first;
    let from = Math.max(0, first - 1 - this.longest);
    /** Up to here the automaton goes on in any case: it begins before what made it begin. */
    let least = from;
    while (from < last) {
      let state = 0;
      let index = from;
      for (; index < last; index++) {
        state = table[(state << WIDTH_BITS) | (bytes[index] as number)] as number;
        if (state < firstAccepting) {
          if (state < firstDeep && index >= least) break;
          continue;
        }
        const end = index + 1;
        if (end < told) continue;
        const rank = state - firstAccepting;
        let left = end < length ? (possible[(rank << WIDTH_BITS) | (bytes[end] as number)] as number) : ALL;
        if (left === 0) continue;
        const outputs = allOutputs[rank] as Int32Array;
        for (let at = 0; at < outputs.length; at++, left >>>= 1)
          if ((left & 1) !== 0 && !hit(outputs[at] as number, end)) return false;
      }
      told = Math.max(told, index + 2);
      least = this.#nextBeginning(bytes, index, last);
      from = Math.max(index, least - BACK_BYTES);
    }
    return true;
  }

  /** Where the next beginning of a literal is complete that begins at `from` or later; not before `last` when there is none. */
  #nextBeginning(bytes: Uint8Array, from: number, last: number): number {
    const pairs = this.#beginnings;
    let seen = 0;
    let before = bytes[from] as number;
    for (let index = from + 1; index < last; index++) {
      const byte = bytes[index] as number;
      seen = ((seen << 1) | BEGIN) & (pairs[(before << WIDTH_BITS) | byte] as number);
      if ((seen & COMPLETE) !== 0) return index;
      before = byte;
    }
    return last + BACK_BYTES;
  }
}

const ALL = -1;

function possibleOutputs(literals: readonly Literal[], outputs: readonly Int32Array[]): Int32Array {
  const possible = new Int32Array(outputs.length * WIDTH);
  outputs.forEach((numbers, rank) => {
    if (numbers.length > OUTPUTS_MAX)
      throw tooMany(`at most ${OUTPUTS_MAX} texts of which one is the end of the other`, numbers.length);
    numbers.forEach((number, at) => {
      const { nextByte } = literals[number] as Literal;
      for (let byte = 0; byte < WIDTH; byte++)
        if (nextByte === undefined || nextByte(byte))
          possible[rank * WIDTH + byte] = (possible[rank * WIDTH + byte] as number) | (1 << at);
    });
  });
  return possible;
}

/** The built-in rules fit by far, so it is what was added to them that does not. */
function tooMany(expected: string, found: number): ZtlError {
  return new ZtlError("rules-too-many", `Rules of the guard: expected ${expected}; found ${found}`, {
    remedy: "shorten the file of guard.rules, or name fewer files in guard.templates",
  });
}

interface Node {
  readonly next: Map<number, number>;
  fail: number;
  outputs: number[];
}

function casesOf(byte: number): readonly number[] {
  const lower = lowerCase(byte);
  return lower >= 0x61 && lower <= 0x7a ? [lower, lower ^ ASCII_CASE_BIT] : [byte];
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | ASCII_CASE_BIT : byte;
}

function buildTrie(literals: readonly Literal[]): Node[] {
  const nodes: Node[] = [{ next: new Map(), fail: 0, outputs: [] }];
  literals.forEach((literal, number) => {
    let at = 0;
    for (const byte of literal.bytes) {
      const node = nodes[at] as Node;
      const symbol = lowerCase(byte);
      let to = node.next.get(symbol);
      if (to === undefined) {
        to = nodes.length;
        nodes.push({ next: new Map(), fail: 0, outputs: [] });
        node.next.set(symbol, to);
      }
      at = to;
    }
    (nodes[at] as Node).outputs.push(number);
  });
  if (nodes.length > STATES_MAX)
    throw tooMany(`texts of at most ${STATES_MAX} bytes together, common beginnings counted once`, nodes.length);
  return nodes;
}

/** New numbers for the states: first those of at most one byte, last those with outputs, so that the hot loop needs few comparisons. */
function ordered(nodes: readonly Node[]): { order: Int32Array; firstDeep: number; firstAccepting: number } {
  linkFailures(nodes);
  const shallow = new Set([0, ...(nodes[0] as Node).next.values()]);
  const order = new Int32Array(nodes.length);
  let number = 0;
  const give = (isNext: (node: Node, index: number) => boolean): number => {
    nodes.forEach((node, index) => {
      if (isNext(node, index)) order[index] = number++;
    });
    return number;
  };
  const firstDeep = give(({ outputs }, index) => outputs.length === 0 && shallow.has(index));
  const firstAccepting = give(({ outputs }, index) => outputs.length === 0 && !shallow.has(index));
  give(({ outputs }) => outputs.length > 0);
  return { order, firstDeep, firstAccepting };
}

/** Breadth first: a node's failure link and its outputs follow from those of shorter nodes. */
function linkFailures(nodes: readonly Node[]): void {
  const queue: number[] = [0];
  for (let head = 0; head < queue.length; head++) {
    const at = queue[head] as number;
    const node = nodes[at] as Node;
    for (const [symbol, to] of node.next) {
      const child = nodes[to] as Node;
      child.fail = at === 0 ? 0 : step(nodes, node.fail, symbol);
      child.outputs = [...child.outputs, ...(nodes[child.fail] as Node).outputs];
      queue.push(to);
    }
  }
}

function step(nodes: readonly Node[], from: number, symbol: number): number {
  for (let at = from; ; at = (nodes[at] as Node).fail) {
    const to = (nodes[at] as Node).next.get(symbol);
    if (to !== undefined) return to;
    if (at === 0) return 0;
  }
}

function buildTable(nodes: readonly Node[], order: Int32Array): Uint16Array {
  const table = new Uint16Array(nodes.length * WIDTH);
  const breadthFirst: number[] = [0];
  for (let head = 0; head < breadthFirst.length; head++) {
    const at = breadthFirst[head] as number;
    const node = nodes[at] as Node;
    const row = (order[at] as number) * WIDTH;
    // A state starts with the moves of its failure state, which is shorter and so already complete.
    if (at !== 0) {
      const failRow = (order[node.fail] as number) * WIDTH;
      table.copyWithin(row, failRow, failRow + WIDTH);
    }
    for (const [symbol, to] of node.next) {
      table[row + symbol] = order[to] as number;
      if (symbol >= 0x61 && symbol <= 0x7a) table[row + (symbol ^ ASCII_CASE_BIT)] = order[to] as number;
      breadthFirst.push(to);
    }
  }
  return table;
}
