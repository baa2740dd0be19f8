import { defineConfig } from "vite";

/** The page of the daemon: static files in dist/dashboard, which the API serves from memory. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../../dist/dashboard",
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0, // nothing inline: the page runs under a strict content security policy
  },
});
