/**
 * Writes the SDK's types into one file beside its module: what `src/sdk/index.ts` exports, and whatever those declarations
 * speak of, and nothing else. Called after the bundler by `npm run build`.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const WEB = join(dirname(fileURLToPath(import.meta.url)), "..");
const DECLARATIONS = join(WEB, "node_modules/.cache/types");
const OUTPUT = join(WEB, "../wsmedia/web_dist/sdk/wsmedia.d.ts");

const DECLARATION =
  /^(?:export )?(?:declare )?(?:abstract )?(?<kind>type|interface|class|const|function|let|enum) (?<name>[\w$]+)/;
const FROM = /^(?:import|export) (?:type )?(?<what>\*|\{[^}]*\}) from "(?<from>[^"]+)"/;
const WORD = /[A-Za-z_$][\w$]*/g;

/** Where the comment or string that begins at `at` ends; `at` itself if none does. */
function skipped(text, at) {
  if (text.startsWith("/*", at)) return text.indexOf("*/", at) + 2;
  if (text.startsWith("//", at)) return text.indexOf("\n", at) + 1;
  if (text[at] !== '"' && text[at] !== "`") return at;
  let end = at + 1;
  while (text[end] !== text[at]) end += text[end] === "\\" ? 2 : 1;
  return end + 1;
}

/** Cut what the compiler wrote into its statements, each with the comment above it. */
export function statementsOf(text) {
  const statements = [];
  let [begin, depth, code] = [0, 0, ""];
  let comment = "";
  for (let at = 0; at < text.length; ) {
    const next = skipped(text, at);
    if (next > at) {
      if (code.trim() === "" && text.startsWith("/*", at)) [comment, begin] = [text.slice(at, next), next];
      else if (!text.startsWith("/", at)) code += text.slice(at, next);
      at = next;
      continue;
    }
    const character = text[at];
    code += character;
    at += 1;
    if ("{([".includes(character)) depth += 1;
    if ("})]".includes(character)) depth -= 1;
    const block = /^\s*(?:export )?(?:declare )?(?:abstract )?(?:interface|class|enum) /.test(code);
    if (depth > 0 || !(character === ";" || (character === "}" && block))) continue;
    statements.push({ comment, text: text.slice(begin, at).trim(), code: code.trim() });
    [begin, code, comment] = [at, "", ""];
  }
  return statements;
}

/** The names in `{ type A, B as C }`, as pairs of there and here. */
const namesIn = (list) =>
  list
    .slice(1, -1)
    .split(",")
    .map((entry) => entry.trim().replace(/^type /, ""))
    .filter((entry) => entry !== "")
    .map((entry) => entry.split(" as "))
    .map(([there, here = there]) => [there, here]);

/** What one module declares, takes from others, and gives on. */
function moduleOf(path) {
  const declared = new Map();
  const imported = new Map();
  const exported = new Map();
  const everythingFrom = [];
  for (const { comment, text, code } of statementsOf(readFileSync(path, "utf8"))) {
    const found = FROM.exec(code);
    if (found !== null) {
      const from = resolve(dirname(path), found.groups.from.replace(/\.ts$/, ".d.ts"));
      if (found.groups.what === "*") everythingFrom.push(from);
      else {
        const names = code.startsWith("export") ? exported : imported;
        for (const [there, here] of namesIn(found.groups.what)) names.set(here, { path: from, name: there });
      }
      continue;
    }
    const declaration = DECLARATION.exec(code);
    if (declaration === null) {
      if (code !== "export {};") throw new Error(`${path}: what is this? ${code}`);
      continue;
    }
    const { name } = declaration.groups;
    declared.set(name, { comment, text, code });
    if (code.startsWith("export ")) exported.set(name, { path, name });
  }
  return { declared, imported, exported, everythingFrom };
}

/** Everything that `entry` exports, with what it needs, in the order in which it was found. */
export function rollUp(entry) {
  const modules = new Map();
  const read = (path) => {
    if (!modules.has(path)) modules.set(path, moduleOf(path));
    return modules.get(path);
  };
  const declarationOf = (path, name) => {
    const { declared, imported, exported, everythingFrom } = read(path);
    if (declared.has(name)) return { path, name };
    const elsewhere = exported.get(name) ?? imported.get(name);
    if (elsewhere !== undefined) return declarationOf(elsewhere.path, elsewhere.name);
    for (const from of everythingFrom) {
      const found = declarationOf(from, name);
      if (found !== null) return found;
    }
    return null;
  };
  const exportsOf = (path) => {
    const { exported, everythingFrom } = read(path);
    return new Set([...exported.keys(), ...everythingFrom.flatMap((from) => [...exportsOf(from)])]);
  };
  const shown = exportsOf(entry);
  const taken = new Map();
  const queue = [...shown].map((name) => declarationOf(entry, name));
  for (const found of queue) {
    const known = taken.get(found.name);
    if (known === found.path) continue;
    if (known !== undefined) throw new Error(`${found.name} is declared in ${known} and in ${found.path}`);
    taken.set(found.name, found.path);
    for (const [word] of read(found.path)
      .declared.get(found.name)
      .code.replace(/"[^"]*"/g, "")
      .matchAll(WORD)) {
      const needed = word === found.name ? null : declarationOf(found.path, word);
      if (needed !== null) queue.push(needed);
    }
  }
  return [...taken].map(([name, path]) => {
    const { comment, text } = read(path).declared.get(name);
    const bare = text.replace(/^export /, "");
    return `${comment}\n${shown.has(name) ? "export " : ""}${bare}`.trim();
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(DECLARATIONS, { recursive: true, force: true });
  rmSync(`${DECLARATIONS}.tsbuildinfo`, { force: true });
  const compiler = join(WEB, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", "tsconfig.types.json"], { cwd: WEB, stdio: "inherit" });
  const declarations = rollUp(join(DECLARATIONS, "sdk/index.d.ts"));
  mkdirSync(dirname(OUTPUT), { recursive: true });
  writeFileSync(OUTPUT, `/** wsmedia's SDK; see docs/sdk.md. */\n\n${declarations.join("\n\n")}\n\nexport {};\n`);
}
