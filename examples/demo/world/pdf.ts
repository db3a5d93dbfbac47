import { deflateSync } from "node:zlib";

/** One line of a page, in PDF's units of 1/72 inch from the lower left corner. */
export interface PdfLine {
  readonly x: number;
  readonly y: number;
  readonly sizePoints: number;
  /** `hidden` is white on white: there for programs, not for people. */
  readonly ink: "black" | "hidden";
  /** Printable ASCII. */
  readonly text: string;
}

/** A4. */
const [PAGE_WIDTH, PAGE_HEIGHT] = [595, 842];
const OPERATOR = { black: "0 g", hidden: "1 g" } as const;

/**
 * A PDF of one page (ISO 32000-1): header, numbered objects, a cross-reference table of their byte offsets, a trailer. The
 * text is set in Helvetica, which every reader has, in a compressed content stream.
 */
export function writePdf(lines: readonly PdfLine[]): Uint8Array {
  const content = deflateSync(Buffer.from(lines.map(drawLine).join("\n"), "latin1"));
  const objects = [
    Buffer.from("<< /Type /Catalog /Pages 2 0 R >>"),
    Buffer.from("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
    Buffer.from(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE_WIDTH} ${PAGE_HEIGHT}] /Contents 5 0 R ` +
        "/Resources << /Font << /F1 4 0 R >> >> >>",
    ),
    Buffer.from("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"),
    Buffer.concat([
      Buffer.from(`<< /Length ${content.length} /Filter /FlateDecode >>\nstream\n`),
      content,
      Buffer.from("\nendstream"),
    ]),
  ];
  return assemble(objects);
}

function drawLine({ x, y, sizePoints, ink, text }: PdfLine): string {
  const escaped = text.replace(/[\\()]/g, "\\$&");
  return `${OPERATOR[ink]} BT /F1 ${sizePoints} Tf ${x} ${y} Td (${escaped}) Tj ET`;
}

function assemble(objects: readonly Uint8Array[]): Uint8Array {
  // The second line's bytes above 127 tell that the file is binary (7.5.2).
  const parts: Uint8Array[] = [Buffer.from("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "latin1")];
  const offsets: number[] = [];
  let length = (parts[0] as Uint8Array).length;
  for (const [index, object] of objects.entries()) {
    const whole = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from("\nendobj\n")]);
    offsets.push(length);
    parts.push(whole);
    length += whole.length;
  }
  // Each entry of the table has exactly 20 bytes (7.5.4).
  const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`);
  const count = objects.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${count}\n0000000000 65535 f \n${rows.join("")}` +
        `trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${length}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}
