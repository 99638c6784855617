/** How the benchmark's page is built: the SDK and the codecs' wrappers as they are, under /bench/ of the gateway. */
export default {
  root: new URL("./page", import.meta.url).pathname,
  base: "/bench/",
  logLevel: "warn",
  build: {
    outDir: new URL("../../.cache/benchmarks/browser-page", import.meta.url).pathname,
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
  },
  worker: { format: "es" },
};
