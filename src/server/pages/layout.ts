import { html, raw } from "hono/html";
import type { Html } from "../show/html.ts";
import { visibleText } from "../show/visible.ts";

export type Section = "reviews" | "runs" | "ledger" | "breakers";

export interface PageParts {
  /** May hold names of others. */
  readonly title: string;
  /** Which part of the navigation this page belongs to. */
  readonly section?: Section;
  /** What the page's script follows the live events for; absent for pages that do not change. */
  readonly live?: "reviews" | "review" | "runs" | "ledger";
  /** Where the page is asked for anew; the address in the browser may be that of a form that was sent. */
  readonly address?: string;
  /** Names the state shown: another one means that the page is out of date. */
  readonly version?: string;
  readonly main: Html;
}

const NAVIGATION = [
  { section: "reviews", href: "/", text: "Waiting" },
  { section: "runs", href: "/runs", text: "Runs" },
  { section: "ledger", href: "/ledger", text: "Ledger" },
  { section: "breakers", href: "/breakers", text: "Stopped" },
] as const;

/** Two clicks, so that nothing is stopped by the way; no field to fill in. */
const STOP = html`<details class="stop"><summary>Stop</summary><form method="post" action="/breakers/open" aria-label="Stop everything">
      <p>Ends what all agents are doing, now, and keeps anything new from beginning.</p><button class="stop">Stop everything</button></form></details>`;

const SHORTCUTS = [
  ["j", "next item"],
  ["k", "previous item"],
  ["x", "choose the file"],
  ["o", "open"],
  ["/", "message"],
] as const;

export function page({ title, section, live, address, version, main }: PageParts): Html {
  return html`${raw("<!doctype html>")}
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${visibleText(title)} · Zero Trust Loop</title>
  <link rel="icon" href="/static/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="/static/page.css">
  <script src="/static/page.js" type="module"></script>
</head>
<body>
  <a class="skip" href="#main">Skip to the content</a>
  <header class="top">
    <a class="brand" href="/"><img src="/static/icon.svg" alt="" width="22" height="22">Zero Trust Loop</a>
    <nav aria-label="Main"><ul>
      ${NAVIGATION.map(
        (one) =>
          html`<li><a href="${one.href}"${one.section === section ? raw(' aria-current="page"') : ""}>${one.text}</a></li>`,
      )}
    </ul></nav>
    <span class="live" id="live" hidden></span>
    ${STOP}
  </header>
  <main id="main" tabindex="-1" data-live="${live}" data-address="${address}" data-version="${version}">${main}</main>
  <footer class="bottom">
    <p>Nothing an agent’s tool does reaches this machine until somebody here agrees to it.</p>
    <details class="keys"><summary>Keys</summary><dl>
      ${SHORTCUTS.map(([key, meaning]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${meaning}</dd></div>`)}
    </dl></details>
  </footer>
  <p class="unseen" role="status" id="announcement"></p>
</body>
</html>`;
}
