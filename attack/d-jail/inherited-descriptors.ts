import assert from "node:assert/strict";
import { Descriptor } from "../../src/vmm/index.ts";
import type { Attack } from "../attack.ts";
import { type Doing, saysNoSecret, withCaptive } from "./captive.helper.ts";

interface Held {
  readonly fd: number;
  /** The type bits of its mode (stat(2)). */
  readonly type: number;
  readonly content: string;
  readonly written: number;
}

/** Reads from every descriptor where that waits for nobody, and writes to all but the channel. */
const tryAll: Doing<null> = ({ call, descriptors, memory, koffi }) => {
  const buffer = memory(65536);
  const view = new DataView(koffi.view(BigInt(buffer), 65536));
  const held = descriptors().map((fd) => {
    call(5, fd, buffer); // fstat
    const type = view.getUint32(24, true) & 0o170000;
    const length = call(17, fd, buffer, 65536, 0); // pread64
    const content = length > 0 ? Buffer.from(new Uint8Array(view.buffer, 0, length)).toString("latin1") : "";
    return { fd, type, content, written: fd === 3 ? 0 : call(1, fd, buffer, 8) };
  });
  return JSON.stringify(held);
};

/** stat(2) */
const TYPE = { none: 0, pipe: 0o010000, device: 0o020000, directory: 0o040000, file: 0o100000, socket: 0o140000 };
/** More than a cell has, and fewer than the descriptors that the attacking process leaves open. */
const CELL_DESCRIPTORS_MAX = 77;

export const attack: Attack = {
  promise: 22,
  must: "A cell that was taken over holds no descriptor of the host process, and can write to none but its event counters, its last words and its channel.",
  needs: ["kvm"],
  quick: true,
  run: (stage) =>
    withCaptive(stage, async (captive) => {
      const held = JSON.parse(await saysNoSecret(stage, captive, tryAll, null)) as Held[];
      const tooHigh = held.filter(({ fd }) => fd >= CELL_DESCRIPTORS_MAX);
      assert.deepEqual(tooHigh, []);
      const writable = held.filter(({ written }) => written > 0);
      assert.ok(writable.length > 0, "nothing was tried");
      for (const { fd, type } of writable) {
        // 0 and 1 are /dev/null; 2 is what the host quotes as last words. From the ruleset's on, all was closed before.
        const allowed =
          fd <= 2 ? [TYPE.device, TYPE.pipe, TYPE.socket] : fd >= Descriptor.ruleset ? [TYPE.none, TYPE.pipe] : [];
        assert.ok(allowed.includes(type), `descriptor ${fd} of type ${type.toString(8)} was written to`);
      }
    }),
};
