import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../base/json.ts";
import { openTestLoop, received, talk } from "../testing.ts";

/** Ordinary work: what a tool returned, and a call after it that has nothing of it but what everybody writes. */

const FOOTER = "This message and any attachments are confidential and intended solely for the addressee.";

interface Ordinary {
  readonly output: string;
  readonly input: Json;
  /** What the user asked, or the system prompt says. */
  readonly told?: string;
}

const mail = (body: string, more: object = {}): Json => ({ to: "team@own.example", subject: "Status", body, ...more });

const RUNS: readonly Ordinary[] = [
  {
    output: "Thank you for your message. We will get back to you shortly. Best regards",
    input: mail("Thank you for your message. Best regards"),
  },
  { output: "Invoices\nOrders\nCustomers", input: mail("I looked at the Invoices and Orders pages.") },
  {
    output: "Dear Sir or Madam, please do not hesitate to contact us if you have any questions.",
    input: mail("Please do not hesitate to contact me if you have any further questions."),
  },
  {
    output: "I hope this email finds you well. Looking forward to hearing from you.",
    input: mail("I hope this email finds you well. Looking forward to hearing from you soon."),
  },
  {
    output: "Mit freundlichen Grüßen\nIhr Team",
    input: mail("Vielen Dank für Ihre Nachricht. Mit freundlichen Grüßen"),
  },
  {
    output: "Je vous prie d'agréer, Madame, Monsieur, mes salutations distinguées.",
    input: mail("Veuillez agréer, Madame, Monsieur, mes salutations distinguées."),
  },
  { output: "Invoices", input: { folder: "Invoices" } },
  { output: "Status: open\nPriority: high", input: { status: "open", priority: "high" } },
  { output: "3 files changed, 12 insertions(+), 4 deletions(-)", input: mail("I changed 3 files.") },
  {
    output: "HTTP/1.1 200 OK\nContent-Type: text/html; charset=utf-8\nContent-Length: 1024",
    input: { code: "curl -s -H 'Content-Type: text/html; charset=utf-8' localhost" },
  },
  { output: "Python 3.12.4\npip 24.0", input: { code: "python3 -m venv env" } },
  { output: "README.md\nsrc\npackage.json\ntsconfig.json", input: { file: "README.md" } },
  { output: "total 12\ndrwxr-xr-x 2 user user 4096 Jan 1 10:00 src", input: { path: "src", limit: 100 } },
  {
    output: "#!/usr/bin/env bash\nset -euo pipefail\necho hello",
    input: { code: "#!/usr/bin/env bash\nset -euo pipefail\nls" },
  },
  {
    output: "import os\nimport sys\nfrom pathlib import Path\nprint(os.getcwd())",
    input: { code: "import os\nimport sys\nfrom pathlib import Path\nprint(Path.home())" },
  },
  { output: '{"size":1024,"items":[]}', input: { size: 1024, limit: 4096 } },
  {
    output: "parser = argparse.ArgumentParser()\nargs = parser.parse_args()",
    input: { code: "import argparse\nparser = argparse.ArgumentParser()\nprint(parser.parse_args())" },
  },
  { output: "See https://example.com/ for an example.", input: { url: "https://example.com/" } },
  { output: "localhost 127.0.0.1\nport 8080", input: { url: "http://127.0.0.1/health" } },
  {
    output: "Copyright 2024. All rights reserved. Privacy Policy. Terms of Service.",
    input: mail("All rights reserved."),
  },
  { output: "Open Monday to Friday from 9:00 to 17:00", input: mail("Shall we meet on Monday at 9:00?") },
  { output: "Revenue grew by 10% to 2.5 million in 2025", input: mail("The forecast for 2026 is 10% higher.") },
  { output: "Page 1 of 10", input: { page: 2, size: 10 } },
  { output: "Hello World", input: mail("Hello World") },
  { output: "You have 2 new messages and 15 notifications.", input: mail("There are 2 new messages.") },
  { output: "The quick brown fox jumps over the lazy dog.", input: mail("The dog is fine.") },
  { output: "Error: ENOENT: no such file or directory, open 'x'", input: mail("It says: no such file or directory.") },
  {
    output: "Sincerely yours, the customer service team",
    input: mail("Please ask the customer service team. Sincerely yours"),
  },
  { output: "Order of 100 pieces at 20 EUR each", input: { quantity: 100, price: 20 } },
  { output: "Sprint review, retrospective, planning", input: mail("Agenda: sprint review, retrospective, planning.") },
  {
    output: "Pay 7,318.44 EUR to DE02 1203 0000 0000 2020 51",
    told: "Pay 7318,44 to DE02120300000000202051.",
    input: { iban: "DE02120300000000202051", amount: 7318.44 },
  },
  {
    output: "Contact: anna.berg@partner.example",
    told: "Write to anna.berg@partner.example that we accept.",
    input: { to: "anna.berg@partner.example", body: "We accept." },
  },
  {
    output: "Ticket OPS-48213 is open since 12 May 2027",
    told: "Close OPS-48213, which is open since 2027-05-12.",
    input: { ticket: "OPS-48213", since: "12.05.2027" },
  },
  {
    output: "You are the assistant of Quentin Ashworth-Delacroix and answer in short sentences about ledgers",
    told: "You are the assistant of Quentin Ashworth-Delacroix and answer in short sentences about ledgers",
    input: mail("I am the assistant of Quentin Ashworth-Delacroix and answer in short sentences about ledgers"),
  },
  { output: `Minutes of the first meeting. ${FOOTER}`, input: mail(`The first is done. ${FOOTER}`) },
  { output: `Minutes of another meeting. ${FOOTER}`, input: mail(`Another is done. ${FOOTER}`) },
  { output: "To be or not to be", input: mail("That is not to be.") },
  { output: "Name, Street, City, Zip, Country", input: { fields: ["Name", "Street", "City", "Zip", "Country"] } },
  { output: "true false null undefined", input: { active: true, deleted: false, parent: null } },
  { output: "Lorem ipsum dolor sit amet", input: mail("Here is a summary of the page.") },
  { output: "Subscribe to our newsletter! Follow us on social media.", input: mail("The page has a newsletter.") },
  { output: "SELECT id, name FROM users WHERE id = 1", input: { query: "SELECT id, name FROM orders WHERE id = 2" } },
  { output: "utf-8 sha256 base64 http2 ipv4", input: { encoding: "utf-8", hash: "sha256" } },
  {
    output: "Please let me know if that works for you. Have a nice weekend!",
    input: mail("Please let me know if that works for you. Have a nice weekend!"),
  },
  {
    output: "We are sorry for the inconvenience and appreciate your patience and understanding.",
    input: mail("We are sorry for the inconvenience and appreciate your patience."),
  },
  {
    output: "Your request has been received and is being processed.",
    input: mail("Your request has been received and is being processed."),
  },
  { output: "version: 1.2.3\nname: app\nlicense: MIT", input: { version: "1.2.4", license: "MIT" } },
];

test("forty ordinary runs: nothing is told of", async (context) => {
  await using world = await openTestLoop();
  const { loop } = world;
  assert.ok(RUNS.length >= 40);
  const told: string[] = [];
  for (const [index, { output, input, told: asked }] of RUNS.entries()) {
    const conversation = talk(loop, "writer", `ordinary ${index}`);
    if (asked !== undefined) conversation.memory.addTrusted({ role: "user", text: asked });
    await received(conversation, "mail", output);
    const { runId } = await conversation.permit({ tool: "mail", input });
    for (const { kind, excerpt } of (await loop.records.origins(runId)) ?? [])
      told.push(`${index}: ${kind} ${excerpt}`);
    const echoes = (await loop.records.differential(runId))?.echoes ?? [];
    told.push(...echoes.map(({ text }) => `${index}: echo ${text}`));
  }
  context.diagnostic(`told of ${told.length} in ${RUNS.length} runs`);
  assert.deepEqual(told, []);
});
