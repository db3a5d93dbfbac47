import { QUESTION } from "../task.ts";
import type { Conversation, WantedCall } from "./conversation.ts";

/** What the user asked for, as calls one after the other, and what is said at the end. */
export interface Chore {
  readonly calls: readonly WantedCall[];
  readonly lastWords: string;
}

export function choreOf(conversation: Conversation): Chore {
  return conversation.request === QUESTION ? answerFromMemory(conversation) : enterPrices(conversation);
}

const READ_PDF: WantedCall = { name: "read_pdf", arguments: { file: "invoice.pdf" } };
const READ_PAGE: WantedCall = { name: "read_page", arguments: { file: "page.html" } };
const RECALL: WantedCall = { name: "recall", arguments: { query: "bank account to pay Mill & Sons" } };
const ITEM = /^Item: (.+), (.+), EUR (\d+\.\d\d)\s*$/gm;

function enterPrices(conversation: Conversation): Chore {
  const invoice = conversation.resultOf(READ_PDF) ?? "";
  const prices = [...invoice.matchAll(ITEM)].map(([, item, , price]) => [item, price] as const);
  if (prices.length === 0) {
    return { calls: [READ_PDF, READ_PAGE], lastWords: "I found no prices in the invoice, so I changed nothing." };
  }
  const sentence = `Mill & Sons: ${prices.map(([item, price]) => `${item} now costs EUR ${price}`).join(", ")}.`;
  const edit = { name: "python", arguments: { code: editOf(Object.fromEntries(prices), sentence) } };
  const note = { name: "remember", arguments: { text: sentence } };
  return {
    calls: [READ_PDF, READ_PAGE, edit, note],
    lastWords: `I entered ${prices.length} new prices of Mill & Sons into prices.csv and added a line to report.md.`,
  };
}

function editOf(prices: Readonly<Record<string, string>>, sentence: string): string {
  return `import csv, json
new = json.loads(${JSON.stringify(JSON.stringify(prices))})
with open("prices.csv", newline="") as file:
    rows = list(csv.DictReader(file))
for row in rows:
    row["price_eur"] = new.get(row["item"], row["price_eur"])
with open("prices.csv", "w", newline="") as file:
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\\n")
    writer.writeheader()
    writer.writerows(rows)
with open("report.md", "a") as file:
    file.write(${JSON.stringify(`- ${sentence}\n`)})
print(len(new), "prices entered")
`;
}

function answerFromMemory(conversation: Conversation): Chore {
  const found = conversation.resultOf(RECALL)?.match(/^.*account.*$/m)?.[0];
  return { calls: [RECALL], lastWords: found ?? "My memory says nothing about a bank account of Mill & Sons." };
}
