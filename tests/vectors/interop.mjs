// The npm side of the round trips: node interop.mjs VERB ARGUMENTS, from the folder of the packages.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(process.cwd() + "/package.json");
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const [verb, a, b, c] = process.argv.slice(2);

if (verb === "seal" || verb === "open") {
  const age = await load("age-encryption");
  const { Encrypter, Decrypter } = age.Encrypter ? age : age.default;
  if (verb === "seal") {
    const sealer = new Encrypter();
    sealer.addRecipient(a);
    writeFileSync(c, await sealer.encrypt(readFileSync(b)));
  } else {
    const opener = new Decrypter();
    opener.addIdentity(a);
    writeFileSync(c, await opener.decrypt(readFileSync(b)));
  }
} else {
  const jose = await load("jose");
  if (verb === "verify") {
    const key = await jose.importJWK(JSON.parse(a), "EdDSA");
    const result = await jose.compactVerify(b, key, { algorithms: ["EdDSA"] });
    console.log(new TextDecoder().decode(result.payload));
  } else if (verb === "sign") {
    const jwk = JSON.parse(a);
    const key = await jose.importJWK(jwk, "EdDSA");
    const header = { alg: "EdDSA", kid: await jose.calculateJwkThumbprint(jwk), typ: b };
    console.log(await new jose.CompactSign(new TextEncoder().encode(c))
      .setProtectedHeader(header).sign(key));
  }
}
