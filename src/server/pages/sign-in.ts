import { html } from "hono/html";
import type { Html } from "../show/html.ts";
import { visibleText } from "../show/visible.ts";
import { page } from "./layout.ts";

export interface SignInView {
  /** Who is signed in with this browser. */
  readonly name?: string | undefined;
  /** Of the session; absent for a browser that has none yet. */
  readonly csrfToken?: string | undefined;
  /** The page to go on to. */
  readonly next: string;
  readonly problem?: string | undefined;
}

/** Where a reviewer says who decides. The token goes in a form's body: no address, history or log gets to hold it. */
export function signInPage({ name, csrfToken, next, problem }: SignInView): Html {
  return page({
    title: "Sign in",
    main: html`<div class="heading"><h1>${name === undefined ? "Sign in" : `You decide as ${visibleText(name)}`}</h1></div>
      ${problem === undefined ? "" : html`<section class="notice bad" role="alert" tabindex="-1" id="refusal"><h2>Not signed in</h2><p>${problem}</p></section>`}
      ${
        name === undefined
          ? html`<form class="decision" method="post" action="/sign-in" aria-label="Sign in"><input type="hidden" name="next" value="${next}">
      <p class="field"><label for="token">Your reviewer’s token</label>
      <input id="token" name="token" type="password" required autocomplete="off" spellcheck="false" maxlength="512"></p>
      <div class="buttons"><button class="primary">Sign in</button></div></form>
      <p class="aside"><code>ztl reviewer add NAME</code> gives somebody a token. This server signs your decisions with it for half a day, or until you sign out.</p>`
          : html`<form class="decision" method="post" action="/sign-out" aria-label="Sign out"><input type="hidden" name="csrf" value="${csrfToken}">
      <p>Your decisions are signed, and the ledger keeps the signatures.</p><div class="buttons"><button>Sign out</button> <a class="button" href="${next}">To what is waiting</a></div></form>`
      }`,
  });
}
