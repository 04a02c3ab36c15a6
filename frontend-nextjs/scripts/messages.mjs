/** Before `next build` and `next dev`: each language's catalogue as one file, its messages compiled, so that no page carries
 * a parser for them (icu-minify; `next.config.ts` takes the formatter without one). */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import compile from "icu-minify/compile";

const compiled = (part) =>
  typeof part === "string" ? compile(part) : Object.fromEntries(Object.entries(part).map(([key, value]) => [key, compiled(value)]));

mkdirSync("public/messages", { recursive: true });
for (const language of ["fr", "en"]) {
  const folder = `src/messages/${language}`;
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  const catalogue = Object.fromEntries(names.map((name) => [name.slice(0, -".json".length), compiled(JSON.parse(readFileSync(`${folder}/${name}`, "utf8")))]));
  writeFileSync(`public/messages/${language}.json`, JSON.stringify(catalogue));
}
