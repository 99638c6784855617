/**
 * How page and SDK are built: into the Python package, with relative addresses, so that they work under any base path. Both are
 * entries of one build, so that the SDK is there once: in a file named by its content, which browsers keep for ever. The stable
 * name `sdk/wsmedia.js` is a line that leads to it, and costs an answer "not modified" when it is asked for again.
 */
import { basename, dirname } from "node:path";
import { defineConfig } from "vite";

export default defineConfig({
  base: "./",
  build: {
    outDir: "../wsmedia/web_dist",
    emptyOutDir: true,
    target: "es2022",
    // A worklet inlined as a data: address would break under a strict content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: true,
    rolldownOptions: {
      input: { index: "index.html", check: "check.html", wsmedia: "src/sdk/index.ts" },
      // What the SDK exports is its interface, whether the page uses it or not.
      preserveEntrySignatures: "strict",
      output: {
        entryFileNames: ({ name }) => (name === "wsmedia" ? "sdk/wsmedia.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  worker: {
    format: "es",
    rollupOptions: {
      output: {
        // transport/worker.ts and decode/worker.ts should not both be called worker in a debugger.
        entryFileNames: ({ facadeModuleId, name }) =>
          `assets/${basename(dirname(facadeModuleId ?? "."))}-${name}-[hash].js`,
      },
    },
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    // `npm run dev` beside a gateway started by `wsmedia serve`.
    proxy: { "/v1": { target: "http://127.0.0.1:8080", ws: true } },
  },
});
