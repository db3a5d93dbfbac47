import { deflateSync } from "node:zlib";

/** Lines on each page of {@link makePdf}. */
const LINES = 40;

/**
 * A real PDF of several pages (ISO 32000-1): compressed content streams, a font resource, a page tree, a cross-reference
 * table with true offsets.
 */
export function makePdf(pageCount: number): Buffer {
  const kids = Array.from({ length: pageCount }, (_, page) => `${4 + 2 * page} 0 R`).join(" ");
  const objects: Buffer[] = [
    Buffer.from("<< /Type /Catalog /Pages 2 0 R >>"),
    Buffer.from(`<< /Type /Pages /Count ${pageCount} /Kids [${kids}] >>`),
    Buffer.from("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"),
  ];
  for (let page = 0; page < pageCount; page++) {
    objects.push(
      Buffer.from(
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${5 + 2 * page} 0 R >>`,
      ),
    );
    const stream = deflateSync(pageContent(page));
    objects.push(
      Buffer.concat([
        Buffer.from(`<< /Length ${stream.length} /Filter /FlateDecode >>\nstream\n`),
        stream,
        Buffer.from("\nendstream"),
      ]),
    );
  }
  return assemble(objects);
}

function pageContent(page: number): Buffer {
  const lines = Array.from(
    { length: LINES },
    (_, line) => `(Page ${page + 1}, line ${line + 1}: the quick brown fox \\(no. ${page * LINES + line}\\)) Tj T*`,
  );
  return Buffer.from(`BT /F1 11 Tf 14 TL 50 790 Td\n${lines.join("\n")}\nET`);
}

function assemble(objects: readonly Buffer[]): Buffer {
  const pieces: Buffer[] = [Buffer.from("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "latin1")];
  let position = pieces[0]?.length ?? 0;
  const offsets = objects.map((object, index) => {
    const piece = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from("\nendobj\n")]);
    const offset = position;
    pieces.push(piece);
    position += piece.length;
    return offset;
  });
  const rows = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  pieces.push(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${position}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(pieces);
}
