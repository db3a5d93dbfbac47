import { changedFile, HASH, openTestServer, summary, type TestServer } from "../../src/server/testing.ts";

export const FORM = { "content-type": "application/x-www-form-urlencoded" };

/** The page with one change set that waits, and a list of the decisions that reached it. */
export async function withPage(attack: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await openTestServer();
  try {
    server.desk.add({ ...summary("one"), kind: "change-set", files: [changedFile("/a.txt")], conflicts: [] });
    await attack(server);
  } finally {
    await server.close();
  }
}

export function formBody(csrf: string): string {
  return new URLSearchParams({ csrf, hash: HASH, reviewer: "mallory", scope: "all" }).toString();
}
