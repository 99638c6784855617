/** How the page is built: into the Python package, with relative addresses, so that it works under any base path. */
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
