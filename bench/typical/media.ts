import { deflateSync } from "node:zlib";
import { noise, paragraphs } from "./made-up.ts";
import type { TypicalOutputs } from "./outputs.ts";

const PNG_HEAD = Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1");
const png = (bytes: number): Buffer => Buffer.concat([PNG_HEAD, noise(bytes), Buffer.from("IEND\xaeB`\x82", "latin1")]);
const jpeg = (bytes: number): Buffer =>
  Buffer.concat([Buffer.from("\xff\xd8\xff\xe0\0\x10JFIF\0", "latin1"), noise(bytes)]);
const wrapped = (bytes: Buffer, columns = 76): string =>
  (bytes.toString("base64").match(new RegExp(`.{1,${columns}}`, "g")) ?? []).join("\r\n");
const cell = (source: string, outputs: readonly object[]): object => ({
  cell_type: "code",
  execution_count: 1,
  metadata: {},
  source: source.split("\n"),
  outputs,
});

const SVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><defs><linearGradient id="a"/></defs>${'<path d="M12 2L2 7l10 5 10-5-10-5z" fill="#fff"/>'.repeat(200)}</svg>`;

/** Pictures, archives and papers as tools hand them over. */
export const MEDIA: TypicalOutputs = {
  "screenshot in JSON, 1 MB": () =>
    JSON.stringify({
      type: "image",
      mimeType: "image/png",
      width: 1280,
      height: 800,
      data: png(760_000).toString("base64"),
    }),
  "screenshot as a data URL": () => `{"screenshot":"data:image/jpeg;base64,${jpeg(300_000).toString("base64")}"}`,
  "notebook with plots": () =>
    JSON.stringify(
      {
        cells: [
          {
            cell_type: "markdown",
            metadata: {},
            source: ["# Sales\n", "Monthly **totals**, see ![plot](attachment:plot.png)\n"],
          },
          cell("import pandas as pd\ndf = pd.read_csv('sales.csv')\ndf.plot()", [
            {
              output_type: "display_data",
              data: { "image/png": png(180_000).toString("base64"), "text/plain": ["<Figure size 640x480>"] },
            },
            { output_type: "display_data", data: { "image/svg+xml": [SVG] } },
          ]),
          cell("df.describe()", [
            {
              output_type: "execute_result",
              data: { "text/html": ['<table border="1" class="dataframe">\n<tr><th>count</th></tr></table>'] },
            },
          ]),
        ],
        metadata: { kernelspec: { display_name: "Python 3", language: "python", name: "python3" } },
        nbformat: 4,
      },
      null,
      1,
    ),
  "mail with attachments": () =>
    [
      "From: Ada <ada@example.org>\r\nTo: team@example.org\r\nSubject: =?UTF-8?B?UsOpc3Vtw6k=?=\r\nMIME-Version: 1.0",
      'Content-Type: multipart/mixed; boundary="b1"\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\nHello all,\r\nsee below.\r\n',
      `--b1\r\nContent-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n${wrapped(Buffer.concat([Buffer.from("%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\nstream\n"), noise(90_000), Buffer.from("\nendstream\n%%EOF")]))}`,
      `--b1\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n\r\n${wrapped(jpeg(120_000))}\r\n--b1--\r\n`,
    ].join("\r\n"),
  "zip archive as base64": () =>
    wrapped(Buffer.concat([Buffer.from("PK\x03\x04\x14\0"), deflateSync(Buffer.from(paragraphs(9, 3000)))])),
  "font in a style sheet": () =>
    `@font-face{font-family:X;src:url(data:font/woff2;base64,${Buffer.concat([Buffer.from("wOF2"), noise(60_000)]).toString("base64")}) format("woff2")}`,
  "audio in a JSON answer": () =>
    JSON.stringify({
      audio: Buffer.concat([Buffer.from("ID3\x04\0"), noise(200_000)]).toString("base64"),
      format: "mp3",
    }),
  "hex dump (xxd)": () => hexDump(noise(20_000)),
  "plain hex of a firmware": () => noise(60_000).toString("hex"),
  "certificate chain": () =>
    `-----BEGIN CERTIFICATE-----\n${wrapped(noise(1300), 64).replaceAll("\r", "")}\n-----END CERTIFICATE-----\n`.repeat(
      3,
    ),
  "lock file with integrity hashes": () =>
    JSON.stringify(
      {
        lockfileVersion: 3,
        packages: Object.fromEntries(
          Array.from({ length: 900 }, (_, index) => [
            `node_modules/p${index}`,
            {
              version: `1.${index}.0`,
              integrity: `sha512-${noise(64, index).toString("base64")}`,
              resolved: `https://registry.example.org/p${index}/-/p${index}-1.0.0.tgz`,
            },
          ]),
        ),
      },
      null,
      2,
    ),
  "source map": () =>
    JSON.stringify({
      version: 3,
      sources: ["a.ts"],
      names: ["x"],
      mappings: "AAAA,SAAS,GAAG;AACZ,EAAE,MAAM,CAAC,CAAC;".repeat(8000),
      sourcesContent: ["const x = `${a}<|${b}`;\n".repeat(500)],
    }),
  "SVG file": () => SVG.repeat(10),
};

function hexDump(bytes: Buffer): string {
  return Array.from({ length: Math.ceil(bytes.length / 16) }, (_, row) => {
    const line = bytes.subarray(row * 16, row * 16 + 16);
    const hex = line
      .toString("hex")
      .replace(/(.{4})/g, "$1 ")
      .trim();
    const shown = line.toString("latin1").replace(/[^\x20-\x7e]/g, ".");
    return `${(row * 16).toString(16).padStart(8, "0")}: ${hex.padEnd(40)} ${shown}`;
  }).join("\n");
}
