import { html } from "hono/html";
import type { ReplayOutcome } from "../../loop/index.ts";
import type { Html } from "../show/html.ts";
import { foreign } from "../show/visible.ts";

/** What came of running a recorded call again. */
export function replayNotice(outcome: ReplayOutcome): Html {
  switch (outcome.status) {
    case "same":
      return html`<section class="notice good" role="status"><h2>Byte for byte the same</h2><p>Run again from the same template and
        inputs, it ended alike, wrote the same output and proposed the same changes.</p></section>`;
    case "different":
      return different(outcome);
    case "not-replayable":
      return html`<section class="notice calm" role="status"><h2>It cannot be run again</h2><p>${foreign(outcome.reason, 1000)}</p></section>`;
    case "not-found":
      return html`<section class="notice calm" role="status"><h2>There is no such run</h2></section>`;
  }
}

function different({ comparison }: Extract<ReplayOutcome, { status: "different" }>): Html {
  const { where, message, recorded, replayed } = comparison;
  return html`<section class="notice bad" role="status"><h2>It came out differently</h2>
    <p>The first difference is in ${where}: ${foreign(message, 1000)}</p>
    <dl class="compare"><div><dt>Recorded</dt><dd><code>${foreign(recorded, 1000)}</code></dd></div><div><dt>Now</dt><dd><code>${foreign(replayed, 1000)}</code></dd></div></dl></section>`;
}
