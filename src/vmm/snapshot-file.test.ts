import assert from "node:assert/strict";
import { chmodSync, closeSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Register } from "./cpu.ts";
import { Machine } from "./machine.ts";
import { loadImage, saveImage } from "./snapshot-file.ts";
import { Code, DATA, kvmMissing, type Sealed, seal, TEST_MEMORY_BYTES, testGuest } from "./testing.ts";

const options = { skip: kvmMissing };
let directory: string;
let path: string;

before(() => {
  directory = mkdtempSync(join(tmpdir(), "ztl-snapshot-"));
  path = join(directory, "image");
});

after(() => rmSync(directory, { recursive: true, force: true }));

/** A guest that has counted to one and will count on: inc qword [rbx]; mov rax, [rbx]; syscall; jmp back */
function sealedCounter(): Sealed {
  const guest = testGuest([0x48, 0xff, 0x03, 0x48, 0x8b, 0x03, ...Code.syscall, 0xeb, 0xf6]);
  guest.cpu.registers[Register.rbx] = BigInt(DATA);
  guest.cpu.run();
  return seal(guest);
}

test("a snapshot on disk goes on where it was sealed, and is small", options, () => {
  const sealed = sealedCounter();
  saveImage(path, sealed.fd, sealed.image);
  closeSync(sealed.fd);
  assert.ok(statSync(path).size < TEST_MEMORY_BYTES / 50, "pages of zeros are not stored");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(directory), ["image"], "no temporary file is left");
  const loaded = loadImage(path);
  assert.deepEqual(loaded.image, sealed.image);
  const machine = Machine.fromImage(loaded);
  closeSync(loaded.fd);
  machine.cpu.run();
  assert.equal(machine.cpu.registers[Register.rax], 2n);
  machine.close();
});

test("any flipped byte, a cut or an extended file is refused", options, () => {
  const sealed = sealedCounter();
  saveImage(path, sealed.fd, sealed.image);
  closeSync(sealed.fd);
  const good = readFileSync(path);
  const refused = (bytes: Buffer, what: string) => {
    writeFileSync(path, bytes);
    assert.throws(() => loadImage(path), { code: "snapshot-corrupt" }, what);
  };
  for (const at of [0, 8, 11, 12, 43, 44, 1000, good.length - 5000, good.length - 1]) {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] as number) ^ 0x10;
    refused(bytes, `byte ${at}`);
  }
  for (const length of [0, 20, 44, 1000, good.length - 4096, good.length - 1]) {
    refused(good.subarray(0, length), `cut to ${length}`);
  }
  refused(Buffer.concat([good, Buffer.alloc(4096)]), "extended");
  writeFileSync(path, good);
  closeSync(loadImage(path).fd);
});

test("a missing snapshot, one others can write, and one made elsewhere have their own errors", options, () => {
  assert.throws(() => loadImage(join(directory, "nothing")), { code: "snapshot-missing" });
  const { fd, image } = sealedCounter();
  saveImage(path, fd, image);
  chmodSync(path, 0o666);
  assert.throws(() => loadImage(path), { code: "snapshot-untrusted" });
  saveImage(path, fd, { ...image, cpuDigest: "another CPU" });
  assert.throws(() => loadImage(path), { code: "snapshot-incompatible" });
  assert.throws(() => Machine.fromImage({ fd, image: { ...image, version: 0 as 3 } }), {
    code: "snapshot-incompatible",
  });
  closeSync(fd);
});
