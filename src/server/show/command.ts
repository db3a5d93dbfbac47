import { html } from "hono/html";
import { oneLine } from "../../base/text/index.ts";
import { COMMAND_ROWS_MAX, LISTED_COMMAND_CHARACTERS_MAX } from "../limits.ts";
import type { Html } from "./html.ts";
import { plural } from "./quantities.ts";
import { rowsOfText } from "./text-rows.ts";
import { textView } from "./text-view.ts";
import { foreign } from "./visible.ts";

/** A command as the lines it has. */
export function commandText(command: string): Html {
  const { rows } = rowsOfText(command);
  const left = rows.length - COMMAND_ROWS_MAX;
  return html`${textView({ rows, marks: [], label: "Command", isDiff: false, count: COMMAND_ROWS_MAX })}
    ${left > 0 ? html`<p class="warning">The command goes on for ${plural(left, "row")}.</p>` : ""}`;
}

/** A command on one line of a list. */
export function commandLine(command: string): Html {
  return html`<code>${foreign(oneLine(command), LISTED_COMMAND_CHARACTERS_MAX)}</code>`;
}
