import { requestLoopback } from "../../base/loopback-request.ts";
import { ANCHOR_HTTP_TIMEOUT_MS, ANCHOR_READ_BYTES_MAX } from "../limits.ts";
import { linesOf, unusable } from "./lines.ts";
import type { Anchor } from "./place.ts";

/**
 * An address that takes a line as the body of a POST (text/plain), and gives the lines it took at a GET. What it cannot give back it may
 * still hold: `ztl ledger verify --anchor` takes a line by hand.
 */
export class HttpAnchor implements Anchor {
  readonly name: string;
  readonly #url: URL;

  constructor(url: URL) {
    // Whatever password is in it stays out of messages.
    this.name = `${url.origin}${url.pathname}`;
    this.#url = url;
  }

  async keep(line: string): Promise<void> {
    await this.#request("POST", `${line}\n`);
  }

  async lines(): Promise<readonly string[]> {
    const bytes = await this.#request("GET");
    return linesOf(bytes.toString("utf8"), false);
  }

  async #request(method: "GET" | "POST", body?: string): Promise<Buffer> {
    const headers = { "content-type": "text/plain; charset=utf-8", accept: "text/plain" };
    const signal = AbortSignal.timeout(ANCHOR_HTTP_TIMEOUT_MS);
    const sent = { method, headers, signal, ...(body !== undefined && { body }) };
    try {
      const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(this.#url.hostname);
      const response = isHere
        ? await requestLoopback(this.#url, sent)
        : await fetch(this.#url, { ...sent, redirect: "error" });
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of response.body ?? []) {
        size += chunk.length;
        if (size > ANCHOR_READ_BYTES_MAX) throw new Error(`it answers more than ${ANCHOR_READ_BYTES_MAX} bytes`);
        chunks.push(chunk);
      }
      if (!response.ok) throw new Error(`it answers ${response.status}`);
      return Buffer.concat(chunks);
    } catch (error) {
      throw unusable(this.name, error);
    }
  }
}
