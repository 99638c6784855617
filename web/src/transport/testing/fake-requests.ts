/** Requests that a test answers when and how it likes. */

import type { Request } from "../http-upload.ts";

/** One request on its way. */
export class FakeRequest {
  readonly url: string;
  readonly method: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly keepalive: boolean;
  aborted = false;
  answered = false;
  readonly #resolve: (response: Response) => void;
  readonly #reject: (error: Error) => void;
  #stream: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | null = null;

  constructor(url: string, init: RequestInit, resolve: (response: Response) => void, reject: (error: Error) => void) {
    this.url = url;
    this.method = init.method ?? "GET";
    this.body = (init.body as Uint8Array<ArrayBuffer> | null | undefined) ?? new Uint8Array(0);
    this.keepalive = init.keepalive ?? false;
    this.#resolve = resolve;
    this.#reject = reject;
    init.signal?.addEventListener("abort", () => {
      this.aborted = true;
      this.fail();
    });
  }

  /** What stands behind the carrier's own address. */
  get path(): string {
    return this.url.replace(/^.*\/http\/[^/]*\//, "");
  }

  /** Answer, and let what follows from it happen. */
  async answer(status: number, body: Uint8Array<ArrayBuffer> | string | null = null): Promise<void> {
    this.answered = true;
    this.#resolve(new Response(status === 204 ? null : body, { status }));
    await settled();
  }

  /** Begin a response of no known length, or write more of it. */
  async stream(octets: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#stream === null) {
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        start: (controller) => {
          this.#stream = controller;
        },
      });
      this.#resolve(new Response(body, { status: 200 }));
    }
    (this.#stream as ReadableStreamDefaultController | null)?.enqueue(octets);
    await settled();
  }

  /** The response of `stream` ends. */
  async end(): Promise<void> {
    this.#stream?.close();
    await settled();
  }

  /** The connection is cut. */
  async fail(): Promise<void> {
    this.answered = true;
    this.#reject(new TypeError("network error"));
    await settled();
  }
}

/** All requests that were made, in their order. */
export class FakeRequests {
  readonly all: FakeRequest[] = [];

  readonly request: Request = (url, init) =>
    new Promise((resolve, reject) => {
      this.all.push(new FakeRequest(url, init, resolve, reject));
    });

  /** The paths behind the carrier's address. */
  get paths(): string[] {
    return this.all.map(({ path }) => path);
  }

  /** The newest one to that path. */
  to(path: string): FakeRequest {
    const found = this.all.filter((request) => request.path === path).at(-1);
    if (found === undefined) throw new Error(`nothing went to ${path}, only to ${this.paths.join(" ")}`);
    return found;
  }
}

/** Let promises that are settled have their consequences. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
