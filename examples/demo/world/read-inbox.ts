import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { inflateSync } from "node:zlib";

/** The text of a document of the inbox, as simple readers take it: for hosts on which nothing can read it in a micro-VM. */
export function readInbox(inbox: string, tool: string, file: string): string {
  let bytes: Buffer;
  try {
    // A name and no path, whatever the model wrote.
    bytes = readFileSync(join(inbox, basename(file)));
  } catch {
    return `There is no ${basename(file)}.`;
  }
  return tool === "read_pdf" ? pdfText(bytes.toString("latin1")) : pageText(bytes.toString("utf8"));
}

/** Content streams are unpacked and the shown strings taken (ISO 32000-1, 9.4.3). */
function pdfText(data: string): string {
  const streams = [...data.matchAll(/stream\r?\n(.*?)\r?\nendstream/gs)].map(([, stream = ""]) => unpacked(stream));
  const strings = streams.flatMap((stream) => [...stream.matchAll(/\(((?:\\.|[^\\)])*)\)\s*Tj/gs)]);
  return strings.map(([, text = ""]) => text.replace(/\\(.)/gs, "$1")).join("\n");
}

function unpacked(stream: string): string {
  try {
    return inflateSync(Buffer.from(stream, "latin1")).toString("latin1");
  } catch {
    return "";
  }
}

const REFERENCES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', amp: "&" };

/** All text of a page: what a style sheet hides, and what is in a script, is text, too. */
function pageText(html: string): string {
  const text = html.replace(/<!--.*?-->|<!doctype[^>]*>|<\/?[a-z][^>]*>/gis, "\n");
  const lines = text.replace(/&(lt|gt|quot|amp);/g, (_, name: string) => REFERENCES[name] ?? "").split("\n");
  return lines
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}
