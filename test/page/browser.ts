import { accessSync, constants } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** A real browser for the tests of the page, which reports whatever a person would not see. */

const CHROMIUM = "/usr/bin/chromium";

/** False when the tests can run here; else the reason, which the test runner shows. */
export function chromiumMissing(): string | false {
  try {
    accessSync(CHROMIUM, constants.X_OK);
    return false;
  } catch {
    return `SKIPPED, NOTHING IS VERIFIED: no ${CHROMIUM}`;
  }
}

export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A person's own browser, with its own cookies. */
export interface Person {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Errors in the console, failed scripts, violated policies, and requests to anything but the server: all unwanted. */
  readonly complaints: string[];
}

export interface PersonOptions {
  readonly javaScript?: boolean;
  /** Statuses of answers that a test provokes; the browser notes each in its console. */
  readonly expected?: readonly number[];
}

const REPORT_VIOLATIONS = `document.addEventListener("securitypolicyviolation", (event) => {
  console.error("policy violated: " + event.violatedDirective + " by " + event.blockedURI);
});`;

export async function newPerson(
  browser: Browser,
  origin: string,
  { javaScript = true, expected = [] }: PersonOptions = {},
): Promise<Person> {
  const context = await browser.newContext({ javaScriptEnabled: javaScript });
  const complaints: string[] = [];
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const isExpected = (text: string): boolean => expected.some((status) => text.includes(`status of ${status} `));
  page.on("console", (message) => {
    const isLoud = message.type() === "error" || message.type() === "warning";
    if (isLoud && !isExpected(message.text())) complaints.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("dialog", async (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== origin) complaints.push(`request to ${request.url()}`);
  });
  await page.addInitScript({ content: REPORT_VIOLATIONS });
  return { context, page, complaints };
}
