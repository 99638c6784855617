/**
 * The floors of the browser code: imports go downward only, and packages on one floor do not import each other.
 *
 * Prints every violation as `file: package may not import package` and exits 1 if there is one. Type-only imports count
 * too: a floor that knows another's types knows the other floor.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** From the ground up; the names of one inner list stand side by side. */
export const FLOORS = [
  ["base"],
  ["wire", "fec", "codecs"],
  ["session"],
  ["transport", "capture", "encode", "decode", "playout", "native"],
  ["room"],
  ["sdk"],
  ["rtc", "doctor"],
  ["page"],
  ["check"],
];

/** Who builds on one package alone: the call page proves that the SDK is enough. */
const ONLY = { page: "sdk" };

const IMPORT =
  /(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}\/[^"']+)["']|new\s+URL\(\s*["'](\.{1,2}\/[^"']+)["']\s*,\s*import\.meta\.url/g;

/** The relative addresses that a source imports, workers and worklets included. */
export function importsOf(source) {
  return [...source.matchAll(IMPORT)].map((match) => match[1] ?? match[2]);
}

/** Why a file of package `importer` may not import from package `imported`, or null if it may. */
export function violation(importer, imported) {
  if (importer === imported) return null;
  const from = FLOORS.findIndex((floor) => floor.includes(importer));
  const to = FLOORS.findIndex((floor) => floor.includes(imported));
  if (from < 0 || to < 0) return `${from < 0 ? importer : imported} stands on no floor`;
  if (ONLY[importer] !== undefined && ONLY[importer] !== imported) return `${importer} imports ${ONLY[importer]} only`;
  return to < from ? null : `${importer} may not import ${imported}`;
}

function check(root) {
  const files = readdirSync(root, { recursive: true })
    .map(String)
    .filter((name) => /\.tsx?$/.test(name));
  const problems = [];
  for (const name of files) {
    const file = join(root, name);
    const importer = name.split(sep)[0];
    for (const address of importsOf(readFileSync(file, "utf8"))) {
      const target = relative(root, resolve(dirname(file), address));
      if (target.startsWith("..")) continue; // test vectors and configuration
      const problem = violation(importer, target.split(sep)[0]);
      if (problem !== null) problems.push(`src/${name}: ${problem}`);
    }
  }
  return { files: files.length, problems };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { files, problems } = check(join(dirname(fileURLToPath(import.meta.url)), "..", "src"));
  for (const problem of problems) console.error(problem);
  if (files === 0) console.error("no sources found");
  process.exitCode = problems.length > 0 || files === 0 ? 1 : 0;
}
