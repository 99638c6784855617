/** Starts module workers, also of a page that comes from another origin than the scripts: browsers refuse those directly. */

/** What starting looks at; tests put something else in its place. */
export interface WorkerRealm {
  /** The page's own origin. */
  readonly origin: string;
  make(address: string, name: string): Worker;
  addressOf(script: string): string;
  forget(address: string): void;
}

const browserRealm: WorkerRealm = {
  get origin() {
    return globalThis.location?.origin ?? "";
  },
  make: (address, name) => new Worker(address, { type: "module", name }),
  addressOf: (script) => URL.createObjectURL(new Blob([script], { type: "text/javascript" })),
  forget: (address) => URL.revokeObjectURL(address),
};

/** How long a worker may take to read the small script that leads to the real one, ms. */
const READ_WITHIN_MS = 60_000;

/**
 * Start a worker.
 *
 * A script of another origin is imported by a small one of our own origin; it then needs the server's permission by CORS,
 * and what it loads by `import.meta.url` still comes from where it lies.
 *
 * @param url of the script, absolute or relative to the page.
 */
export function startWorker(url: string, name: string, realm: WorkerRealm = browserRealm): Worker {
  const page = realm.origin;
  // Where there is no origin to speak of, the browser says what it thinks of the script.
  const script = page === "" || page === "null" ? null : new URL(url, page);
  if (script === null || script.origin === page) return realm.make(url, name);
  const address = realm.addressOf(`import ${JSON.stringify(script.href)};`);
  const worker = realm.make(address, name);
  setTimeout(() => realm.forget(address), READ_WITHIN_MS);
  return worker;
}
