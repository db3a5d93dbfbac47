import { characterStart } from "../../base/utf8.ts";

/**
 * How a model is handed what others wrote: between lines of ours that begin with a mark. A guest is gone before the mark of its run
 * is made from a key that it never had, so a line in its output that looks like one of ours has another mark, or none.
 */

/** A text of others under a heading of ours, such as `output of python`. */
export interface Section {
  readonly heading: string;
  readonly text: string;
}

export interface Framed {
  readonly sections: readonly Section[];
  /** Lines of ours about it, such as `exit status 1`; each may go on over several lines. */
  readonly notes: readonly string[];
}

/** Texts of others may have so many bytes together, which are shared by their sizes; what is left out is said in its place. */
export function frame({ sections, notes }: Framed, mark: string, bytesMax: number): string {
  const line = (text: string): string => `${markOf(mark)} ${text}]`;
  const total = sections.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  const share = ({ text }: Section): number =>
    total <= bytesMax ? Infinity : Math.floor((bytesMax * Buffer.byteLength(text)) / total);
  const pieces = [
    ...sections.flatMap((section) => [line(section.heading), shorten(section.text, share(section), line)]),
    ...notes.map((note) => line(note)),
    line("end"),
  ];
  return pieces
    .filter((piece) => piece !== "")
    .map(endLine)
    .join("");
}

/** With what each line of ours begins. */
export function markOf(mark: string): string {
  return `[ztl ${mark}`;
}

/** Head and tail of a text that is longer than a model shall get, with a line between that says so. */
function shorten(text: string, bytesMax: number, line: (text: string) => string): string {
  const bytes = Buffer.from(text, "utf8");
  if (bytes.length <= bytesMax) return text;
  const headBytes = Math.floor(bytesMax * 0.6);
  const head = bytes.subarray(0, characterStart(bytes, headBytes)).toString("utf8");
  const from = characterStart(bytes, bytes.length - (bytesMax - headBytes));
  const omitted = from - Buffer.byteLength(head);
  return `${endLine(head)}${line(`${omitted} of ${bytes.length} bytes are left out here`)}\n${bytes.subarray(from).toString("utf8")}`;
}

function endLine(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}
