import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import fc from "fast-check";
import { ZtlError } from "../../errors.ts";
import type { ByteString } from "../byte-string.ts";
import {
  checkTablePlace,
  type Extent,
  type Layer,
  type LayerEntry,
  LayerWriter,
  Table,
  type TableRow,
} from "./index.ts";

const place = mkdtempSync(join(tmpdir(), "ztl-layer-"));
after(() => rmSync(place, { recursive: true, force: true }));
let files = 0;

const attributes = { mode: 0o640, uid: 7, gid: 4_000_000_000, mtimeNs: -5n };
const at = (path: string): ByteString => path as ByteString;

async function write(entries: Iterable<LayerEntry>): Promise<Layer> {
  return await (await LayerWriter.create(join(place, String(files++)))).finish(entries);
}

/** All rows of a layer by path. */
function rowsOf({ segments, root }: Layer): Map<string, TableRow> {
  const bytes = segments.map((path) => readFileSync(path));
  const sizes = bytes.map(({ length }) => length);
  const rows = new Map<string, TableRow>();
  const visit = (extent: Extent, above: string): void => {
    checkTablePlace(extent, sizes);
    const { offset, sizeBytes, segment } = extent;
    const table = new Table(bytes[segment]?.subarray(offset, offset + sizeBytes) ?? new Uint8Array(), extent, sizes);
    for (const row of table.rows()) {
      assert.deepEqual(table.get(row.name), row);
      rows.set(`${above}/${row.name}`, row);
      if (row.table !== undefined) visit(row.table, `${above}/${row.name}`);
    }
  };
  visit(root, "");
  return rows;
}

async function isRefused(entries: readonly LayerEntry[]): Promise<boolean> {
  try {
    await write(entries);
    return false;
  } catch (error) {
    return ZtlError.isInstance(error) && error.code === "layer-invalid";
  }
}

describe("a layer's files", () => {
  test("hold what was written, whatever the names are", async () => {
    const name = fc
      .array(
        fc.integer({ min: 1, max: 255 }).filter((byte) => byte !== 0x2f),
        { minLength: 1, maxLength: 4 },
      )
      .map((bytes) => Buffer.from(bytes).toString("latin1"))
      .filter((text) => text !== "." && text !== "..");
    const paths = fc.uniqueArray(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => `/${names.join("/")}`),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(paths, async (list) => {
        const isParent = (path: string): boolean => list.some((other) => other.startsWith(`${path}/`));
        const entries = list.map((path, index): LayerEntry => {
          if (isParent(path))
            return { path: at(path), node: { type: "directory", isOpaque: index % 2 === 0, attributes } };
          if (index % 3 === 0) return { path: at(path), node: { type: "absent" } };
          const { mode: _, ...rest } = attributes;
          if (index % 3 === 1) return { path: at(path), node: { type: "symlink", target: at(`to ${path}`), ...rest } };
          return {
            path: at(path),
            node: { type: "file", ...attributes, content: { kind: "host" }, linkGroup: 0, links: 2 },
          };
        });
        const rows = rowsOf(await write(entries));
        for (const { path, node } of entries) assert.deepEqual(rows.get(path)?.node, node);
        const numbers = [...rows.values()].map(({ number }) => number);
        assert.equal(new Set(numbers).size, numbers.length, "every record has a number of its own");
        assert.ok(numbers.every((number) => number > 0 && number < 2 ** 46));
      }),
      { numRuns: 60 },
    );
  });

  test("a name that is in nobody's table is not found, and one of many is", async () => {
    const entries = Array.from(
      { length: 5000 },
      (_, index) => ({ path: at(`/d/${index}`), node: { type: "absent" } }) as const,
    );
    const rows = rowsOf(await write(entries));
    assert.equal(rows.size, 5001);
    assert.ok(rows.has("/d/4999"));
  });

  test("trees that cannot be are refused", async () => {
    const node = { type: "absent" } as const;
    for (const path of [
      "",
      "/",
      "a",
      "/a/",
      "//a",
      "/a/../b",
      "/./a",
      "/a\0b",
      "/é€",
      `/${"n".repeat(256)}`,
      `/a${"/b".repeat(2050)}`,
    ])
      assert.ok(await isRefused([{ path: at(path), node }]), path);
    assert.ok(
      await isRefused([
        { path: at("/a"), node },
        { path: at("/a"), node },
      ]),
    );
    assert.ok(
      await isRefused([
        { path: at("/a"), node },
        { path: at("/a/b"), node },
      ]),
    );
  });

  test("bytes that are no table are refused or read as one, and never anything else happens", async () => {
    const layer = await write([
      { path: at("/a/b"), node: { type: "file", ...attributes, content: { kind: "host" } } },
      { path: at("/a/c"), node: { type: "symlink", target: at("x"), uid: 1, gid: 1, mtimeNs: 0n } },
      { path: at("/a/d/e"), node: { type: "absent" } },
    ]);
    const good = readFileSync(layer.segments[0] as string);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 6 }), (damage) => {
        const bytes = Buffer.from(good);
        for (const [position, value] of damage) bytes[position] = value;
        const sizes = [bytes.length];
        let steps = 0;
        const visit = (extent: Extent): void => {
          assert.ok(++steps < 1000, "no way through it has no end");
          checkTablePlace(extent, sizes);
          const table = new Table(bytes.subarray(extent.offset, extent.offset + extent.sizeBytes), extent, sizes);
          for (const row of table.rows()) if (row.table !== undefined) visit(row.table);
        };
        try {
          visit(layer.root);
        } catch (error) {
          assert.ok(ZtlError.isInstance(error) && error.code === "layer-invalid", String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
