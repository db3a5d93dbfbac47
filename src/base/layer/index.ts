export * from "./layer.ts";
export { checkTablePlace, Table, type TableRow } from "./table.ts";
export { LayerWriter } from "./writer.ts";
