/** What is visible in a text, from one table, and its three painters: for terminals, for pages, and for plain places. */
export { cString } from "./c-string.ts";
export { isIgnorable, withoutIgnorables } from "./ignorable.ts";
export { type PagePiece, pagePieces, paintedPieces } from "./page.ts";
export { plainText, repainted } from "./plain.ts";
export { cutPlace, oneLine } from "./shorten.ts";
export { type HiddenKind, hiddenKind } from "./table.ts";
export { terminalCode, terminalJson, terminalLine, terminalLines, terminalNet, terminalOutput } from "./terminal.ts";
export { Utf8Places } from "./utf8-places.ts";
export { type HiddenCharacter, hidesSomething, type Kept, type Segment, visible, visibleBytes } from "./visible.ts";
export { cutColumns, displayWidth, padColumns } from "./width.ts";
