import { EMPTY } from "../../../base/byte-string.ts";
import type { TableRow } from "../../../base/layer/index.ts";
import type { HostTree } from "../host-tree.ts";
import { isLowerDirectory, type LowerInode } from "../lower-inode.ts";
import { attributesOf, LayerDirectory } from "./layer-directory.ts";
import { LayerFile, type LayerView } from "./layer-inode.ts";
import type { LayerSource } from "./layer-source.ts";

/** Number of a mount's root that the layer took away and that is there all the same: no record has it. */
const LOST_ROOT = 0;

/** The root of a mount as a run sees it: the host's, with what the layer has at and below its place on the host. */
export function layeredRoot(tree: HostTree, source: LayerSource): LowerInode {
  const host = tree.root();
  const found = find(source, source.realPathOf(tree.hostPath));
  if (found === undefined) return host;
  const { row, isHidden } = found;
  const view: LayerView = { source, tree, known: new Map(), dev: host.stat().dev };
  const { path } = host;
  if (!isLowerDirectory(host)) {
    // One file is mounted, and a mount's own place is always there: a file that is gone shows as it is on the host.
    if (row?.node.type !== "file" || row.node.content.kind !== "kept") return host;
    return new LayerFile(view, path, row.number, row.node, row.node.content);
  }
  if (row?.node.type !== "directory")
    return new LayerDirectory(view, {
      path,
      base: undefined,
      attributes: attributesOf(host),
      table: undefined,
      number: LOST_ROOT,
    });
  const { node, number, table } = row;
  const base = isHidden || node.isOpaque ? undefined : host;
  return new LayerDirectory(view, { path, base, attributes: node.attributes ?? attributesOf(host), table, number });
}

interface Found {
  /** Undefined when the layer has taken away what was there. */
  readonly row: TableRow | undefined;
  /** Some directory above is opaque. */
  readonly isHidden: boolean;
}

/** Undefined when the layer has nothing at that place, nor below it. */
function find(source: LayerSource, path: string): Found | undefined {
  const names = path.split("/").filter((name) => name !== "");
  let isHidden = false;
  let row: TableRow = {
    name: EMPTY,
    node: { type: "directory", isOpaque: false },
    table: source.rootPlace,
    number: LOST_ROOT,
  };
  for (const name of names) {
    if (row.node.type !== "directory") return { row: undefined, isHidden: true };
    isHidden ||= row.node.isOpaque;
    const next = row.table && source.table(row.table).get(name);
    if (next === undefined) return isHidden ? { row: undefined, isHidden } : undefined;
    row = next;
  }
  return row.node.type === "absent" ? { row: undefined, isHidden } : { row, isHidden };
}
