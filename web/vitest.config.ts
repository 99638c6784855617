/** Unit tests run in plain Node: engines do no I/O, and what touches the browser stands behind small interfaces. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
    restoreMocks: true,
    testTimeout: 10_000,
  },
});
