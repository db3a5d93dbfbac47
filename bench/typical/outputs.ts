import { MEDIA } from "./media.ts";
import { PAPERS } from "./papers.ts";
import { TERMINALS } from "./terminals.ts";
import { WIRES } from "./wires.ts";

/** What it is -> makes it. */
export type TypicalOutputs = Readonly<Record<string, () => string>>;

/** Sixty and more outputs of the kinds that tools give every day; all were written or made up for this purpose. */
export const TYPICAL_OUTPUTS: TypicalOutputs = { ...MEDIA, ...WIRES, ...TERMINALS, ...PAPERS };

/** Texts about language models, which hold control structures of theirs and are rightly flagged. */
export const ABOUT_MODELS: ReadonlySet<string> = new Set([
  "API documentation of a language model",
  "fine-tuning file, 260 rows",
]);
