/** No node. The root is node 0. */
const NONE = 0;
const ROOT = 0;

/**
 * The contexts that a text had, as a tree in arrays: a node is a symbol that stood after its parent's context, with how often. Children
 * are a list, the newest first.
 */
export class ContextTree {
  readonly nodesMax: number;
  readonly #symbol: Uint8Array;
  readonly #count: Uint16Array;
  readonly #child: Int32Array;
  readonly #sibling: Int32Array;
  #size = 1;

  constructor(nodesMax: number) {
    this.nodesMax = nodesMax;
    this.#symbol = new Uint8Array(nodesMax);
    this.#count = new Uint16Array(nodesMax);
    this.#child = new Int32Array(nodesMax);
    this.#sibling = new Int32Array(nodesMax);
  }

  get root(): number {
    return ROOT;
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= this.nodesMax;
  }

  clear(): void {
    this.#child.fill(NONE, 0, this.#size);
    this.#size = 1;
  }

  /** The node of a symbol after a context; `undefined` when it never stood there. */
  find(context: number, symbol: number): number | undefined {
    for (let node = this.#child[context] as number; node !== NONE; node = this.#sibling[node] as number)
      if (this.#symbol[node] === symbol) return node;
    return undefined;
  }

  /** Adds a symbol to a context in which it never stood; undefined when there is no room. */
  add(context: number, symbol: number): number | undefined {
    if (this.isFull) return undefined;
    const node = this.#size++;
    this.#symbol[node] = symbol;
    this.#count[node] = 1;
    this.#child[node] = NONE;
    this.#sibling[node] = this.#child[context] as number;
    this.#child[context] = node;
    return node;
  }

  /** Counts a symbol of a context once more. Where one is counted very often, all of that context are halved: what is new weighs more. */
  count(context: number, node: number): void {
    const count = (this.#count[node] as number) + 1;
    this.#count[node] = count;
    if (count < COUNT_MAX) return;
    for (let one = this.#child[context] as number; one !== NONE; one = this.#sibling[one] as number)
      this.#count[one] = ((this.#count[one] as number) + 1) >> 1;
  }

  /** Calls back with each symbol that stood after a context, and how often. */
  each(context: number, visit: (symbol: number, count: number) => void): void {
    for (let node = this.#child[context] as number; node !== NONE; node = this.#sibling[node] as number)
      visit(this.#symbol[node] as number, this.#count[node] as number);
  }
}

/** Half of what a count can hold is never reached: old text is forgotten by then. */
const COUNT_MAX = 255;
