import { flushCompileCache } from "node:module";
import { ZtlError } from "../../errors.ts";
import { LinuxError } from "../../linux/errno.ts";
import {
  confineProcess,
  exitProcess,
  inheritKvmDevice,
  lockDownProcess,
  pollReadable,
  setParentDeathSignal,
} from "../../vmm/index.ts";
import type { Frame } from "../frames.ts";
import { buildTemplate } from "./build.ts";
import { EgressLink } from "./egress-link.ts";
import { Guest, type Surroundings } from "./guest.ts";
import { Heap } from "./heap.ts";
import { closeLayer, receiveLayer } from "./layer.ts";
import { CHANNEL_FD, KVM_FD, MESSAGE_UNITS_MAX, REQUEST_LIMITS, type Request, type RunRequest } from "./protocol.ts";
import { SyncChannel } from "./sync-channel.ts";

/**
 * The cell: a process of its own around one virtual machine. It answers one request at a time. Whatever goes wrong in
 * here beyond what a request may expect ends the process; the pool starts another.
 */
const channel = new SyncChannel(CHANNEL_FD, REQUEST_LIMITS);
let guest: Guest | undefined;
let heap: Heap | undefined;

/** Looks for a cancellation while a run goes on, takes what comes for its connections, and notes what it has made the heap. */
function pollFor(link: EgressLink | undefined): () => "continue" | "cancel" {
  let cancelled = false;
  return () => {
    heap?.note();
    // More than one may wait: a late cancellation of an earlier run comes first.
    while (!cancelled && pollReadable(CHANNEL_FD, 0)) {
      const frame = channel.readAside();
      // The host process is gone, and nobody will read the result.
      if (frame === undefined) exitProcess(0);
      const message = frame.header as unknown as Request;
      if (message.type !== "cancel" && message.type !== "egress")
        throw new ZtlError("frame-malformed", `Unexpected ${message.type} during a run`);
      if (frame.id !== channel.id) continue;
      if (message.type === "cancel") cancelled = true;
      else link?.put(message, frame.body);
    }
    return cancelled ? "cancel" : "continue";
  };
}

function surroundingsOf(request: RunRequest, layer: ReturnType<typeof receiveLayer> | undefined): Surroundings {
  const { egress } = request;
  const link = egress === null ? undefined : new EgressLink(egress, (message, parts) => channel.write(message, parts));
  return {
    poll: pollFor(link),
    tell: (calls) => channel.write(calls),
    layer,
    outward: link,
    ...(link && {
      sleep: (ms) => {
        if (link.isEmpty) pollReadable(CHANNEL_FD, ms);
      },
    }),
  };
}

function answer({ header, body }: Frame): void {
  const request = header as unknown as Request;
  switch (request.type) {
    case "build":
      channel.write(buildTemplate(request));
      return;
    case "load":
      guest = new Guest(request);
      if (request.rehearsal === true) {
        flushCompileCache();
        guest = undefined;
        channel.write({ type: "ready" });
        return;
      }
      heap = new Heap();
      // From here on the cell sees bytes of the guest's choosing.
      confineProcess({ readable: guest.hostPaths });
      channel.write({ type: "ready" });
      return;
    case "run": {
      if (guest === undefined) throw new ZtlError("frame-malformed", "A run before a template was loaded");
      const layer = request.layer === null ? undefined : receiveLayer(request.layer, channel.id);
      let result: ReturnType<Guest["run"]>;
      try {
        result = guest.run(request, body, surroundingsOf(request, layer));
      } finally {
        // A layer is one conversation's, and the next run may be another's.
        if (layer !== undefined) closeLayer(layer);
      }
      const { reply, parts } = result;
      channel.write(reply, parts);
      return;
    }
    case "cancel":
    case "egress":
      // Crossed the result of its run on the way.
      return;
  }
}

function main(): void {
  // If the host died before this call, the channel is closed and the next read ends the cell.
  setParentDeathSignal();
  lockDownProcess();
  inheritKvmDevice(KVM_FD);
  while (answerNext()) heap?.clear();
}

/** A function of its own: while the cell waits for the next request, nothing holds what came with the last one. */
function answerNext(): boolean {
  const frame = channel.read();
  if (frame === undefined) return false;
  answer(frame);
  return true;
}

function describe(error: unknown): string {
  if (ZtlError.isInstance(error)) return error.message;
  // Not an Error: it is the guest's usually, and thrown often.
  if (error instanceof LinuxError) return `An unexpected ${error.name} from the host's files`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

let exitCode = 0;
try {
  main();
} catch (error) {
  const code = ZtlError.isInstance(error) ? error.code : "cell-failed";
  try {
    // The failure is the answer to the first request, and carries its nonce.
    if (!channel.isOpen) channel.read();
    channel.write({ type: "failed", code, message: describe(error).slice(0, MESSAGE_UNITS_MAX) });
  } finally {
    exitCode = 70;
  }
}
// The event loop, and Node's own way out, are out of bounds once the process is confined.
exitProcess(exitCode);
