import type { ByteString } from "../byte-string.ts";
import { type DirectoryNode, type Extent, type LayerNode, NAME_BYTES_MAX, PATH_BYTES_MAX } from "./layer.ts";
import type { SegmentFile } from "./segment-file.ts";
import { inOrder, otherWork, ROWS_AT_ONCE } from "./slices.ts";
import { encodeTable, invalid, type NewRow, TABLE_ALIGNMENT } from "./table.ts";

/** A directory on the way, or a path with a node, or both. */
interface Branch {
  node: LayerNode | undefined;
  readonly children: Map<ByteString, Branch>;
  /** Names of the children in order; undefined when one has come or gone since. */
  names: readonly ByteString[] | undefined;
  /** Where its table was written; undefined when something in it is another since. */
  table: Extent | undefined;
}

/** A directory that only leads to an entry: whatever the host has there. */
const WAY: DirectoryNode = { type: "directory", isOpaque: false };

/**
 * The tree of a layer as its maker holds it. It is written again and again, each time only the tables of directories in which
 * something has changed and of those on the way to them. What lies below something that is no directory is not shown.
 */
export class LayerTree {
  readonly #root = newBranch();

  /** True when it can be told apart from an empty directory. */
  get isEmpty(): boolean {
    return this.#root.children.size === 0;
  }

  /**
   * Undefined: the layer has nothing there, and what is below stays.
   * @throws ZtlError `layer-invalid` for a path that is not absolute and normalised
   */
  set(path: string, node: LayerNode | undefined): void {
    const names = namesOf(path);
    const way = [this.#root];
    for (const name of names) {
      const above = way.at(-1) as Branch;
      let branch = above.children.get(name);
      if (branch === undefined) {
        if (node === undefined) return;
        branch = newBranch();
        above.children.set(name, branch);
        above.names = undefined;
      }
      way.push(branch);
    }
    (way.at(-1) as Branch).node = node;
    for (const branch of way) branch.table = undefined;
    for (let depth = names.length; depth > 0; depth--) {
      const { node: own, children } = way[depth] as Branch;
      if (own !== undefined || children.size > 0) return;
      const above = way[depth - 1] as Branch;
      above.children.delete(names[depth - 1] as ByteString);
      above.names = undefined;
    }
  }

  get(path: string): LayerNode | undefined {
    let at: Branch | undefined = this.#root;
    for (const name of namesOf(path)) at = at?.children.get(name);
    return at?.node;
  }

  /** True when something is set at a path below. */
  hasBelow(path: string): boolean {
    let at: Branch | undefined = this.#root;
    for (const name of namesOf(path)) at = at?.children.get(name);
    return (at?.children.size ?? 0) > 0;
  }

  /** Everything is to be written anew, such as to another segment. */
  forgetTables(): void {
    const branches = [this.#root];
    for (let branch = branches.pop(); branch !== undefined; branch = branches.pop()) {
      branch.table = undefined;
      branches.push(...branch.children.values());
    }
  }

  /** Children before their directory, with a list of our own for a stack: trees may be deeper than that of the language. */
  async write(segment: SegmentFile): Promise<Extent> {
    const stack: { branch: Branch; isOpen: boolean }[] = [{ branch: this.#root, isOpen: false }];
    let rows = 0;
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { branch, isOpen } = top;
      if (!isOpen) {
        stack.push({ branch, isOpen: true });
        for (const child of branch.children.values())
          if (child.table === undefined && hasTable(child)) stack.push({ branch: child, isOpen: false });
        continue;
      }
      branch.table = await writeTable(branch, segment);
      rows += branch.children.size;
      if (rows >= ROWS_AT_ONCE) {
        rows = 0;
        await otherWork();
      }
    }
    return this.#root.table as Extent;
  }
}

function newBranch(): Branch {
  return { node: undefined, children: new Map(), names: undefined, table: undefined };
}

function hasTable({ node, children }: Branch): boolean {
  return children.size > 0 && (node === undefined || node.type === "directory");
}

async function writeTable(branch: Branch, segment: SegmentFile): Promise<Extent> {
  branch.names ??= await inOrder([...branch.children.keys()]);
  const rows = branch.names.map((name): NewRow => {
    const child = branch.children.get(name) as Branch;
    return { name, node: child.node ?? WAY, table: hasTable(child) ? child.table : undefined };
  });
  const table = await encodeTable(rows);
  const padding = (TABLE_ALIGNMENT - (segment.sizeBytes % TABLE_ALIGNMENT)) % TABLE_ALIGNMENT;
  if (padding > 0) await segment.append(new Uint8Array(padding));
  const offset = segment.sizeBytes;
  await segment.append(table);
  return { segment: segment.index, offset, sizeBytes: table.length };
}

function namesOf(path: string): ByteString[] {
  const [first, ...names] = path.split("/");
  if (first !== "" || names.length === 0 || path.length > PATH_BYTES_MAX) invalid("a path is not absolute");
  return names.map((name) => (isName(name) ? (name as ByteString) : invalid("a path is not normalised")));
}

function isName(name: string): boolean {
  if (name === "" || name === "." || name === ".." || name.length > NAME_BYTES_MAX) return false;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names are byte strings that may hold all bytes but null.
  return /^[\x01-\xff]*$/.test(name);
}
