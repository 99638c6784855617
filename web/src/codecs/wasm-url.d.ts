/** Vite gives the address of an asset that is imported so; workers do not have the types of `vite/client`. */
declare module "*.wasm?url" {
  const url: string;
  // biome-ignore lint/style/noDefaultExport: that is what Vite makes of it
  export default url;
}
