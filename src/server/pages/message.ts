import { html } from "hono/html";
import type { Html } from "../show/html.ts";
import { page } from "./layout.ts";

export interface Message {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const HEADINGS: Readonly<Record<number, string>> = {
  400: "This request cannot be understood",
  401: "This page needs its token",
  403: "This request is not allowed",
  404: "There is nothing here",
  405: "This request is not allowed",
  409: "Something changed meanwhile",
  411: "This request cannot be understood",
  413: "This request is too large",
  415: "This request cannot be understood",
  422: "This cannot be done like that",
  429: "Too much at once",
  503: "Too much at once",
};

/** What a person sees when a request is refused. */
export function messagePage({ status, code, message }: Message): Html {
  const heading = HEADINGS[status] ?? "Something went wrong here";
  const next =
    status === 401
      ? html`<p>The address that <code>ztl serve</code> printed ends with <code>?token=…</code> and opens this page for half a
        day. If you have just followed it from another site, <a href="/">go on</a>.</p>`
      : html`<p><a class="button" href="/">To what is waiting</a></p>`;
  return page({
    title: heading,
    main: html`<section class="message"><p class="eyebrow">${status} · ${code}</p><h1>${heading}</h1><p>${message}</p>${next}</section>`,
  });
}
