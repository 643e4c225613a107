// Which of the YAML files named hold to the JSON Schema: one line of JSON each.
// Usage (in the npm folder): node schema_check.mjs SCHEMA FILE...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const Ajv = require("ajv");
const { parse } = require("yaml");

const [schema, ...files] = process.argv.slice(2);
const holds = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(schema, "utf8")),
);
for (const file of files) {
  let errors;
  try {
    errors = holds(parse(readFileSync(file, "utf8"))) ? [] : holds.errors;
  } catch (failure) {
    errors = [{ instancePath: "", message: `no YAML: ${failure.message}` }];
  }
  console.log(JSON.stringify(errors.map((e) => `${e.instancePath}: ${e.message}`)));
}
