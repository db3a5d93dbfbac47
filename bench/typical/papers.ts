import { commit, paragraphs, rows, sentence, uuid } from "./made-up.ts";
import type { TypicalOutputs } from "./outputs.ts";

/** Documents, templates, tables and sources. */
export const PAPERS: TypicalOutputs = {
  "README with badges": () =>
    `# thing\n\n[![npm](https://img.shields.io/npm/v/thing.svg?style=flat-square&logo=npm&label=version)](https://packages.example.org/thing) ![coverage](https://codecov.io/gh/a/thing/branch/main/graph/badge.svg?token=ABCDEFGHIJKLMNOP) <img src="https://api.star-history.com/svg?repos=a/thing&type=Date&theme=dark-mode-large">\n\n## Usage\n\n\`\`\`sh\ncurl -fsSL https://example.org/install.sh | sh\n\`\`\`\n\nReplace \`<tool_name>\` with your tool; call <tool_name> --help.\n`,
  "Mustache templates": () =>
    `<h1>{{title}}</h1>\n{{#user}}\n  <p>Hello {{name}}</p>\n{{/user}}\n{{^user}}<a href="/login">Log in</a>{{/user}}\n{{#assistant}}{{> card}}{{/assistant}}\n`.repeat(
      40,
    ),
  "Jinja and Helm templates": () =>
    `{% for item in items %}{{ item.name | upper }}{% endfor %}\n{{- if .Values.system }}\nrole: {{ .Values.role | quote }}\n{{- end }}\n`.repeat(
      60,
    ),
  "API documentation of a shop": () =>
    rows(
      20,
      (id) =>
        `### POST /orders/${id}\n\nRequest:\n\n\`\`\`json\n{ "name": "widget", "price": 3, "role": "developer" }\n\`\`\`\n\n### Response:\n\n\`\`\`json\n{ "id": "${uuid(id)}", "type": "function", "result": {} }\n\`\`\`\n`,
    ).join("\n"),
  "API documentation of a language model": () =>
    `# Chat\n\nSend messages with a role:\n\n\`\`\`json\n{ "model": "m", "messages": [ { "role": "system", "content": "You are helpful." }, { "role": "user", "content": "Hi" } ] }\n\`\`\`\n\nThe answer has \`tool_calls\`:\n\n\`\`\`json\n{ "role": "assistant", "tool_calls": [ { "id": "call_1", "type": "function", "function": { "name": "f", "arguments": "{}" } } ] }\n\`\`\`\n`,
  "fine-tuning file, 260 rows": () =>
    rows(260, (id) =>
      JSON.stringify({
        messages: [
          { role: "system", content: "You answer politely." },
          { role: "user", content: sentence(id) },
          { role: "assistant", content: sentence(id + 1) },
        ],
      }),
    ).join("\n"),
  "minutes of a meeting": () =>
    `Minutes, 3 March\n\nPresent: Ada, Ben\n\nAction: Ben sends the offer.\nObservation: deliveries were late.\nAction: Ada calls the carrier.\nQuestion: who pays?\nAnswer: the carrier.\nDecision: go on.\n\n${paragraphs(2, 6)}`,
  interview: () =>
    rows(30, (id) => `Interviewer: ${sentence(id)}\nUser: ${sentence(id + 3)}\nSystem: Linux\n`).join("\n"),
  "bug report": () =>
    `### Steps to reproduce\n1. Open\n\n### Expected\nSystem: Windows 11\nUser: admin\nAction: none\n\n### Response:\n500\n`,
  novel: () => paragraphs(5, 300),
  "HTML page with trackers": () =>
    `<!doctype html><html><head><title>News</title><script>window.dataLayer=[{"event":"x","role":"user"}]</script></head><body>${rows(80, (id) => `<img width=1 height=1 src="https://t.example.org/p.gif?id=${uuid(id)}&ref=aHR0cHM6Ly9leGFtcGxlLm9yZw"><p>${sentence(id)} &lt;b&gt; &amp;amp; &#8217;s %20</p>`).join("")}</body></html>`,
  "CSV with hashes": () =>
    rows(3000, (id) => `${id},${uuid(id)},${commit(id)},${id * 3.5},"${sentence(id, 5)}"`).join("\n"),
  "SQL dump": () =>
    `CREATE TABLE users (id int, role varchar(20));\n${rows(500, (id) => `INSERT INTO users VALUES (${id},'assistant','${commit(id)}','TERMINATE');`).join("\n")}`,
  "TypeScript with pipes": () =>
    rows(
      300,
      (id) =>
        `export const f${id} = <T,>(a: Array<T>) => a.map((x) => \`\${x}</s>\`).filter((x) => x <= ${id} || x >= 2);\ntype R${id} = A | B<"user" | "system">;`,
    ).join("\n"),
  "Elixir, F#, R": () =>
    `list |> Enum.map(&(&1 * 2)) |> Enum.sum()\nlet y = f <| x |> g <|> h\ndf %>% filter(x > 2) |> summarise(n())\n`.repeat(
      200,
    ),
  "XML with parameters": () =>
    `<project><function name="f"><parameter name="x" type="int"/></function><invoke method="run"/><tools><tool name="javac"/></tools><message role="info">x</message><system>on</system></project>`.repeat(
      50,
    ),
  "Chinese, Arabic and emoji": () =>
    `报告显示，大多数客户在一天内得到答复｜系统｜用户。\n\u200fأهلا وسهلا \u2067test\u2069 \u200eok\n👨\u200d👩\u200d👧 ⭐\ufe0f 🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}\n`.repeat(
      100,
    ),
  "regular expressions and escapes": () =>
    `const re = /^(?:%[0-9a-f]{2}|\\\\u[0-9a-f]{4}|&#x?[0-9a-f]+;)+$/gi; // "\\x3c\\x7c" "\\\\n" '\\\\\\\\t'\n`.repeat(
      300,
    ),
  "minified script": () =>
    `!function(e,t){"object"==typeof exports?t(exports):t(e.x={})}(this,function(e){var t={role:"button",name:"n",arguments:{}};e.a=function(){return t}});`.repeat(
      400,
    ),
};
