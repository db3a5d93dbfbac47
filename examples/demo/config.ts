import { accessSync, constants } from "node:fs";
import { defineConfig, type LoopConfig } from "../../src/loop/index.ts";
import { type Host, readsElsewhere } from "./host.ts";
import type { World } from "./world/world.ts";

/** The one agent of this showing. */
export const AGENT = "bookkeeper";

/** Where a guest would find it: the host's programs are the guest's. */
const PDFTOTEXT = ["/usr/bin/pdftotext", "/usr/local/bin/pdftotext"];

type Tool = LoopConfig["tools"][string];

/** For hosts without pdftotext: content streams are unpacked and the shown strings taken (ISO 32000-1, 9.4.3). */
const PDF_TO_TEXT = `
import json, re, sys, zlib
with open("/inbox/" + json.load(sys.stdin)["file"], "rb") as file:
    data = file.read()
for stream in re.findall(rb"stream\\r?\\n(.*?)\\r?\\nendstream", data, re.S):
    try:
        stream = zlib.decompress(stream)
    except zlib.error:
        continue
    for string in re.findall(rb"\\(((?:\\\\.|[^\\\\)])*)\\)\\s*Tj", stream, re.S):
        print(re.sub(rb"\\\\(.)", rb"\\1", string).decode("latin-1"))
`;

/** All text of a page, as simple readers take it: what a style sheet hides is text, too. */
const HTML_TO_TEXT = `
import html.parser, json, sys
class Reader(html.parser.HTMLParser):
    def handle_data(self, data):
        if data.strip():
            print(data.strip())
with open("/inbox/" + json.load(sys.stdin)["file"], encoding="utf-8") as file:
    Reader().feed(file.read())
`;

/**
 * What the agent may do. Anybody may have written what lies in the inbox; the project is the user's own and private. Its own
 * words leave it by mail and memory alone.
 */
export function demoConfig({ inbox, project }: World, host: Host): LoopConfig {
  const { pdftotext } = host;
  const mail = [{ host: inbox, guest: "/inbox", mode: "ro", trust: "untrusted", confidentiality: "public" }] as const;
  const work = [{ host: project, guest: "/project", mode: "overlay", trust: "trusted" }] as const;
  const read = (tool: string, inMicroVm: Tool): Tool =>
    readsElsewhere(host, tool) ? { external: true, output: { trust: "untrusted" } } : inMicroVm;
  const onProject = { mounts: work, cwd: "/project", output: { trust: "trusted" } } as const;
  return defineConfig({
    agents: { [AGENT]: { role: "bookkeeping" } },
    roles: {
      bookkeeping: { tools: ["read_pdf", "read_page", "python", "shell", "remember", "recall", "send_mail"] },
    },
    tools: {
      read_pdf: read(
        "read_pdf",
        pdftotext === undefined
          ? { template: "python", code: PDF_TO_TEXT, mounts: mail }
          : { template: "exec", program: pdftotext, args: ["-raw", "/inbox/{file}", "-"], mounts: mail },
      ),
      read_page: read("read_page", { template: "python", code: HTML_TO_TEXT, mounts: mail }),
      python: { template: "python", ...onProject },
      shell: { template: "shell", ...onProject },
      remember: { external: true, ask: "when-tainted", output: { trust: "trusted" } },
      recall: { external: true, output: { trust: "trusted", confidentiality: "private" } },
      send_mail: { external: true, effect: "outward", output: { trust: "trusted" } },
    },
  });
}

export function findPdftotext(): string | undefined {
  return PDFTOTEXT.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
