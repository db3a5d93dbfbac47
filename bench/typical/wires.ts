import { commit, rows, sentence, uuid } from "./made-up.ts";
import type { TypicalOutputs } from "./outputs.ts";

const json = (value: unknown): string => JSON.stringify(value, null, 2);
const lines = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join("\n");

/** What services answer. */
export const WIRES: TypicalOutputs = {
  "JSON-RPC answer of a node": () =>
    json({
      jsonrpc: "2.0",
      id: 83,
      result: { blockNumber: "0x5bad55", transactions: rows(40, (index) => `0x${commit(index)}`) },
    }),
  "JSON-RPC batch": () => JSON.stringify(rows(20, (id) => ({ jsonrpc: "2.0", id, result: { balance: id * 19 } }))),
  "JSON-RPC error": () =>
    JSON.stringify({ jsonrpc: "2.0", id: 1, error: { code: -32601, message: "Method not found" } }),
  "language server log": () =>
    rows(
      60,
      (id) =>
        `[Trace - 10:0${id % 10}:00] Received response 'textDocument/hover - (${id})' in 3ms.\nResult: ${JSON.stringify({ contents: { kind: "markdown", value: "```ts\nconst x: number\n```" } })}\nContent-Length: 84\r\n\r\n{"jsonrpc":"2.0","id":${id},"method":"textDocument/didOpen","params":{"uri":"file:///a.ts"}}`,
    ).join("\n"),
  "RabbitMQ queues": () =>
    json(
      rows(30, (index) => ({
        name: `orders.${index}`,
        vhost: "/",
        durable: true,
        auto_delete: false,
        exclusive: false,
        arguments: {},
        messages: index,
      })),
    ),
  "RabbitMQ definitions": () =>
    json({
      rabbit_version: "3.13.1",
      users: [{ name: "guest", tags: ["administrator"] }],
      exchanges: [{ name: "events", vhost: "/", type: "topic", durable: true, arguments: {} }],
      queues: [
        { name: "mail", vhost: "/", durable: true, arguments: { "x-message-ttl": 60000, "x-queue-type": "quorum" } },
      ],
      bindings: [{ source: "events", destination: "mail", destination_type: "queue", routing_key: "#", arguments: {} }],
    }),
  "users API": () =>
    json({
      users: rows(50, (id) => ({
        id: uuid(id),
        name: `User ${id}`,
        email: `u${id}@example.org`,
        role: ["developer", "admin", "assistant", "user", "system"][id % 5],
      })),
    }),
  "users API, one a line": () =>
    lines(
      rows(50, (id) => ({
        role: ["developer", "assistant", "tool", "system"][id % 4],
        name: `User ${id}`,
        active: true,
      })),
    ),
  "pages of a content system": () =>
    json(rows(20, (id) => ({ id, role: "admin", content: sentence(id), type: "page" }))),
  "forum posts": () =>
    json(rows(30, (id) => ({ author: { name: `u${id}`, role: "user" }, content: sentence(id), replies: [] }))),
  "GitHub issues": () =>
    json(
      rows(20, (id) => ({
        id,
        number: id,
        title: sentence(id, 6),
        state: "open",
        user: { login: `dev${id}`, type: "User" },
        author_association: "CONTRIBUTOR",
        body: `### Steps\n1. Run \`npm t\`\n\n### Expected\n${sentence(id)}`,
        reactions: { total_count: 0, "+1": 0 },
      })),
    ),
  "Kubernetes objects": () =>
    json({
      apiVersion: "v1",
      kind: "List",
      items: rows(15, (id) => ({
        kind: "Pod",
        metadata: { name: `web-${id}`, uid: uuid(id), labels: { role: "frontend" } },
        spec: { containers: [{ name: "web", image: "nginx:1.27", args: ["--port", "80"], command: ["nginx"] }] },
      })),
    }),
  "OpenAPI description": () =>
    json({
      openapi: "3.1.0",
      info: { title: "Shop", version: "1.0" },
      paths: {
        "/orders": {
          get: {
            operationId: "listOrders",
            parameters: [{ name: "limit", in: "query", schema: { type: "integer" } }],
            responses: { "200": { description: "ok", content: { "application/json": { schema: { type: "array" } } } } },
          },
        },
      },
    }),
  "GraphQL answer": () =>
    json({
      data: {
        viewer: {
          login: "ada",
          repositories: { nodes: rows(20, (id) => ({ name: `repo-${id}`, description: sentence(id, 8) })) },
        },
      },
      extensions: { cost: 12 },
    }),
  "application log in JSON": () =>
    lines(
      rows(2000, (id) => ({
        level: "info",
        time: 1700000000 + id,
        msg: sentence(id, 6),
        req: { id: uuid(id), method: "GET", url: `/a?page=${id}` },
        type: id % 9 ? "request" : "function",
      })),
    ),
  "Stripe-like events": () =>
    json({
      object: "list",
      data: rows(10, (id) => ({
        id: `evt_${commit(id).slice(0, 24)}`,
        type: "invoice.paid",
        data: { object: { id: `in_${commit(id + 99).slice(0, 24)}`, amount: 100 * id } },
      })),
    }),
  "cron jobs with commands": () =>
    json(
      rows(20, (id) => ({
        id,
        name: `job ${id}`,
        action: "run",
        command: "curl -fsS https://hooks.example.org/ping | sh",
        arguments: ["-v"],
        schedule: "*/5 * * * *",
      })),
    ),
  "Slack export": () =>
    json(
      rows(40, (id) => ({
        type: "message",
        user: `U0${id}`,
        text: `${sentence(id)} <@U02> :+1: <https://example.org|link>`,
        ts: `17000000${id}.0001`,
      })),
    ),
  "terraform plan in JSON": () =>
    json({
      format_version: "1.2",
      resource_changes: rows(12, (id) => ({
        address: `aws_iam_role.r${id}`,
        type: "aws_iam_role",
        name: `r${id}`,
        change: { actions: ["create"], after: { role: "system", assume_role_policy: '{"Version":"2012-10-17"}' } },
      })),
    }),
};
