export * from "./layer.ts";
export { LayerTree } from "./layer-tree.ts";
export { SegmentFile } from "./segment-file.ts";
export { checkTablePlace, Table, type TableRow } from "./table.ts";
export { LayerWriter } from "./writer.ts";
