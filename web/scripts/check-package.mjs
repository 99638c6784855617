/**
 * What users get: the sizes of the built files against a budget, and the SDK's types in a project of somebody else's. Prints a
 * table; exits 1 when something is over its budget, has none, or does not compile. Called by `make check`.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const WEB = join(dirname(fileURLToPath(import.meta.url)), "..");
const BUILT = join(WEB, "../wsmedia/web_dist");
const EXAMPLES = join(WEB, "../docs/examples");

/** What may be loaded for each purpose, kB (1000 octets) after gzip. The first that matches counts. */
const BUDGETS = [
  { what: "SDK, first load", files: /^sdk\/wsmedia\.js$/, kilobytes: 30 },
  { what: "page, script", files: /^assets\/index-[\w-]+\.js$/, kilobytes: 30 },
  { what: "check page, script", files: /^assets\/check-[\w-]+\.js$/, kilobytes: 14 },
  { what: "check page, style", files: /^assets\/check-[\w-]+\.css$/, kilobytes: 4 },
  { what: "page, style", files: /^assets\/index-[\w-]+\.css$/, kilobytes: 8 },
  { what: "transport worker", files: /^assets\/transport-worker-[\w-]+\.js$/, kilobytes: 28 },
  { what: "encode worker", files: /^assets\/encode-worker-[\w-]+\.js$/, kilobytes: 14 },
  { what: "decode worker", files: /^assets\/decode-worker-[\w-]+\.js$/, kilobytes: 12 },
  { what: "playout worklet", files: /^assets\/playout-worklet-[\w-]+\.js$/, kilobytes: 8 },
  { what: "shared by both pages", files: /^assets\/version-[\w-]+\.js$/, kilobytes: 10 },
  { what: "other workers and worklets", files: /^assets\/[\w-]*work(er|let)-[\w-]+\.js$/, kilobytes: 3 },
  { what: "H.264", files: /^assets\/[\w-]*264[\w.-]*\.wasm$/, kilobytes: 320 },
  { what: "Opus", files: /^assets\/[\w-]*opus[\w.-]*\.wasm$/i, kilobytes: 200 },
];

const STATIC_IMPORT = /(?:^|[;}\n])(?:import|export)(?:[^"'();]*?\bfrom)?\s*["'](\.[^"']+)["']/g;

const builtFiles = () =>
  readdirSync(BUILT, { recursive: true })
    .map((name) => String(name).replaceAll("\\", "/"))
    .filter((name) => /\.(js|css|wasm)$/.test(name));

/** A script, and what it imports before it runs. */
function withImports(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  if (!name.endsWith(".js")) return seen;
  for (const [, address] of readFileSync(join(BUILT, name), "utf8").matchAll(STATIC_IMPORT)) {
    withImports(join(dirname(name), address).replaceAll("\\", "/"), seen);
  }
  return seen;
}

const total = (names, compress) =>
  names.reduce((sum, name) => sum + compress(readFileSync(join(BUILT, name))).length, 0);
const gzipped = (octets) => gzipSync(octets, { level: 9 });
const brotlied = (octets) => brotliCompressSync(octets, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
const inKilobytes = (octets) => (octets / 1000).toFixed(1).padStart(8);

function checkSizes() {
  const problems = [];
  const files = builtFiles();
  if (!files.includes("sdk/wsmedia.js")) return ["the SDK has not been built: npm run build"];
  const sdk = withImports("sdk/wsmedia.js");
  const rows = files.map((name) => {
    const entry = name === "sdk/wsmedia.js";
    // What the SDK loads at once counts as part of it.
    if (!entry && sdk.has(name)) return null;
    const budget = BUDGETS.find(({ files: pattern }) => pattern.test(name));
    if (budget === undefined) problems.push(`${name} has no budget in ${import.meta.url.split("/").at(-1)}`);
    const counted = entry ? [...sdk] : [name];
    const [plain, gzip, brotli] = [(octets) => octets, gzipped, brotlied].map((compress) => total(counted, compress));
    if (budget !== undefined && gzip > budget.kilobytes * 1000) problems.push(`${name} is over its budget`);
    return { name, budget, plain, gzip, brotli };
  });
  console.log(`${"".padEnd(28)}   plain    gzip  brotli  budget   kB`);
  for (const row of rows) {
    if (row === null) continue;
    const { name, budget, plain, gzip, brotli } = row;
    const figures = [plain, gzip, brotli, (budget?.kilobytes ?? 0) * 1000].map(inKilobytes).join("");
    console.log(`${(budget?.what ?? "?").padEnd(28)}${figures}   ${name}`);
  }
  return problems;
}

/** Whether a project that knows nothing of our sources can use the types. */
function checkTypes() {
  const compiler = join(WEB, "node_modules/typescript/bin/tsc");
  try {
    execFileSync(process.execPath, [compiler, "-p", EXAMPLES], { cwd: EXAMPLES, stdio: "pipe" });
    return [];
  } catch (error) {
    return [`docs/examples does not compile against wsmedia.d.ts:\n${error.stdout}`];
  }
}

const problems = [...checkSizes(), ...checkTypes()];
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
