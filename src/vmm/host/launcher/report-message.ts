/*
 * What the launcher tells the host, each in one write: the pid of the cell as the host sees it, and the results of all
 * steps, once before the program is executed and again when something failed. Magic, kind, length of the rest, the rest.
 */
export const REPORT_HEADER_BYTES = 16;
const MAGIC = 0x314c545a;
const Kind = { pid: 1, results: 2 } as const;
/** More than the results of any table. */
const LENGTH_MAX = 64 * 1024;

export function reportHeader(kind: keyof typeof Kind, length: number): Uint8Array {
  const header = new DataView(new ArrayBuffer(REPORT_HEADER_BYTES));
  header.setUint32(0, MAGIC, true);
  header.setUint32(4, Kind[kind], true);
  header.setBigUint64(8, BigInt(length), true);
  return new Uint8Array(header.buffer);
}

/** What a launcher has told. */
export interface LaunchReport {
  /** Absent when the launcher became the cell itself. */
  readonly pid?: number;
  /** Result of each step, as the kernel returned it; the last report counts. */
  readonly results?: readonly number[];
}

/** Reads a launcher's messages; anything else is ignored from there on. */
export function parseReport(bytes: Uint8Array): LaunchReport {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let report: LaunchReport = {};
  for (let at = 0; at + REPORT_HEADER_BYTES <= bytes.length; ) {
    const length = Number(view.getBigUint64(at + 8, true));
    const start = at + REPORT_HEADER_BYTES;
    if (view.getUint32(at, true) !== MAGIC || length > LENGTH_MAX || start + length > bytes.length) break;
    const values = Array.from({ length: length >> 3 }, (_, index) => Number(view.getBigInt64(start + 8 * index, true)));
    report =
      view.getUint32(at + 4, true) === Kind.pid ? { ...report, pid: values[0] ?? 0 } : { ...report, results: values };
    at = start + length;
  }
  return report;
}
