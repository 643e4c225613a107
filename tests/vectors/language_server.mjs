// What yaml-language-server, which editors use, says of each of the YAML files named when the schema
// is named in their first line: one line of JSON each, a list of `line: message`. The last line is
// what it offers where `approval:` of an allow rule is being typed.
// Usage (in the npm folder): node language_server.mjs SCHEMA FILE...
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [schema, ...files] = process.argv.slice(2);
const server = spawn(
  process.execPath,
  ["node_modules/yaml-language-server/bin/yaml-language-server", "--stdio"],
  { stdio: ["pipe", "pipe", "inherit"] },
);

const waiting = new Map(); // by id of a request, or uri of a document
let lastId = 0;

function send(message) {
  const text = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
  server.stdin.write(`Content-Length: ${text.length}\r\n\r\n`);
  server.stdin.write(text);
}

function request(method, params) {
  const id = ++lastId;
  const answer = new Promise((resolve) => waiting.set(id, resolve));
  send({ id, method, params });
  return answer;
}

function receive(message) {
  if (message.method === "textDocument/publishDiagnostics") {
    waiting.get(message.params.uri)?.(message.params.diagnostics);
  } else if (message.method && message.id !== undefined) {
    // workspace/configuration: nothing but what the document names.
    const yaml = { validate: true, completion: true, schemaStore: { enable: false } };
    const asked = message.params?.items ?? [];
    send({ id: message.id, result: asked.map(({ section }) => (section === "yaml" ? yaml : {})) });
  } else if (message.id !== undefined) {
    waiting.get(message.id)?.(message.result);
  }
}

let rest = Buffer.alloc(0);
server.stdout.on("data", (data) => {
  rest = Buffer.concat([rest, data]);
  for (;;) {
    const end = rest.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/Content-Length: (\d+)/i.exec(rest.subarray(0, end).toString())[1]);
    if (rest.length < end + 4 + length) return;
    receive(JSON.parse(rest.subarray(end + 4, end + 4 + length).toString()));
    rest = rest.subarray(end + 4 + length);
  }
});

function open(uri, text) {
  const found = new Promise((resolve) => waiting.set(uri, resolve));
  const head = `# yaml-language-server: $schema=${pathToFileURL(schema)}\n`;
  send({
    method: "textDocument/didOpen",
    params: { textDocument: { uri, languageId: "yaml", version: 1, text: head + text } },
  });
  return found;
}

await request("initialize", {
  processId: process.pid,
  rootUri: null,
  capabilities: { workspace: { configuration: true }, textDocument: { publishDiagnostics: {} } },
});
send({ method: "initialized", params: {} });
for (const file of files) {
  const found = await open(pathToFileURL(file).href, readFileSync(file, "utf8"));
  console.log(JSON.stringify(found.map((e) => `${e.range.start.line}: ${e.message}`)));
}
await open("file:///typed.yaml", "allow:\n  - name: night\n    approval: ");
const offered = await request("textDocument/completion", {
  textDocument: { uri: "file:///typed.yaml" },
  position: { line: 3, character: 14 },
});
console.log(JSON.stringify(offered.items.map((item) => item.label)));
server.kill();
