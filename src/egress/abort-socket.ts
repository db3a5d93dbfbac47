import type { Socket } from "node:net";

/**
 * Breaks a connection off at once: RST, and what waits to be sent is dropped, in this process and in the kernel.
 *
 * `resetAndDestroy` alone would not do: it first waits until all that was written is with the kernel, which a receiver that
 * does not read can put off for ever. The flag it sets makes `destroy` reset without waiting (lib/net.js, `_destroy`); a test
 * with such a receiver fails should that change. libuv refuses to reset while a shutdown is under way (uv_tcp_close_reset):
 * the caller waits for the `finish` of that, which follows at once when nothing waits to be sent.
 */
export function abortSocket(socket: Socket): void {
  // Nothing was sent yet: there is nothing to reset, and Node would wait for the connection first.
  if (!socket.connecting) (socket as { resetAndClosing?: boolean }).resetAndClosing = true;
  socket.destroy();
}
