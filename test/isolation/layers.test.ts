import assert from "node:assert/strict";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { toByteString } from "../../src/base/byte-string.ts";
import { type Layer, LayerWriter } from "../../src/base/layer/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { Captive, type Doing } from "./captive/captive.ts";

const SECRET = "another-conversation's-8c61f2";
/** src/vmm/host/launcher/descriptors.ts; asm/unistd_64.h; MSG_CMSG_CLOEXEC | MSG_DONTWAIT. */
const FILES_FD = 10;
const SYS_RECVMSG = 47;
const RECEIVING = 0x4000_0040;

describe("a cell that was taken over, and the layers of others", { skip: kvmMissing() }, () => {
  let place: string;
  let captive: Captive;
  let layer: Layer;

  before(async () => {
    place = mkdtempSync(join(tmpdir(), "ztl-layers-"));
    const host = mkdtempSync(join(place, "host-"));
    captive = new Captive({ cacheDirectory: TEST_CACHE, mounts: [{ kind: "overlay", host, guest: "/data" }] });
    const writer = await LayerWriter.create(join(place, "segment"));
    const content = await writer.addContent(Buffer.from(SECRET));
    const attributes = { mode: 0o644, uid: 0, gid: 0, mtimeNs: 0n };
    const path = toByteString(`${realpathSync(host)}/secret`);
    layer = await writer.finish([{ path, node: { type: "file", ...attributes, content } }]);
  });
  after(async () => {
    await captive.pool.close();
    rmSync(place, { recursive: true, force: true });
  });

  test("it finds none that an earlier run had: no descriptor, and none on the way", async () => {
    const look: Doing<{ secret: string; files: number; recvmsg: number; flags: number }> = (
      { call, descriptors, memory, koffi },
      { secret, files, recvmsg, flags },
    ) => {
      const [into, size] = [memory(65536), 65536];
      const found = descriptors().filter((fd) => {
        const length = call(17, fd, into, size, 0);
        return length > 0 && Buffer.from(koffi.view(BigInt(into), length)).includes(secret);
      });
      return `${found.join()} ${call(recvmsg, files, memory(56), flags)} ${call(1, files, into, 8)}`;
    };
    for (let times = 0; times < 2; times++) {
      assert.equal(await captive.honestly("cat /data/secret", { layer }), SECRET);
      const given = { secret: SECRET, files: FILES_FD, recvmsg: SYS_RECVMSG, flags: RECEIVING };
      // EAGAIN: nothing is there; EPIPE: and nothing goes back.
      assert.equal(await captive.says(look, given), " -11 -32");
    }
  });

  test("it receives nothing by any other descriptor, nor in another way", async () => {
    const receive: Doing<readonly number[]> = ({ call, memory }, [number, fd, flags]) =>
      call(number as number, fd as number, memory(56), flags as number);
    for (const attempt of [
      [SYS_RECVMSG, 3, RECEIVING],
      [SYS_RECVMSG, FILES_FD, 0],
      [45, FILES_FD, 0],
      [299, FILES_FD, 1],
      [46, FILES_FD, 0],
    ])
      await captive.assertKilled(receive, attempt, attempt.join());
  });
});
