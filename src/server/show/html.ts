import type { html } from "hono/html";

/** What `html` makes: markup whose values were escaped. */
export type Html = ReturnType<typeof html>;
