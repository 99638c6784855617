/**
 * The way up of an HTTP lane (PROTOCOL.md §2.2): batches of messages in requests that say where they begin, at most two
 * under way. They leave spread over the round trip of a request, so that a message waits for half of one at most.
 *
 * As long as no request may leave, messages wait in the session, where they can still be dropped, and count as not sent.
 */

import type { Clock, Timers } from "../base/clock.ts";
import { seconds } from "../base/time.ts";
import { lengthOf } from "../wire/batch.ts";

/** From here on close codes are of sessions, and not of a carrier alone (PROTOCOL.md §3.7). */
const FIRST_CLOSE_CODE = 4000;

/** Octets of a request's body: below the 64 kB that some proxies allow. Halved when one allows less. */
const MAX_BODY_BYTES = 49_152;
const MIN_BODY_BYTES = 8_192;
const MAX_UNDER_WAY = 2;
/** Seconds between two requests: enough for what is sent together to travel together. */
const LEAST_GAP = 0.02;
const LONGEST_GAP = 0.04;
const REQUEST_TIMEOUT = seconds(10);
/** A proxy that fails once may have been about to restart. */
const RETRY_DELAY = seconds(0.1);
const ROUND_TRIP_MEMORY = 0.8;

/** What `fetch` is to this page; tests have another one. */
export type Request = (url: string, init: RequestInit) => Promise<Response>;

/** The end of a lane as the gateway tells it, or 1006. */
export interface LaneEnd {
  readonly code: number;
  readonly reason: string;
}

/** What went wrong with a request. */
export class RequestError extends Error {
  readonly end: LaneEnd;

  constructor(end: LaneEnd) {
    super(end.reason);
    this.end = end;
  }
}

/** A connection that is gone. */
export const ABNORMAL: LaneEnd = { code: 1006, reason: "" };

/** Read what the gateway says of a request that it did not take: 410 tells the lane's close code. */
export async function endOf(response: Response): Promise<LaneEnd> {
  if (response.status !== 410) return { code: 1006, reason: `HTTP ${response.status}` };
  try {
    const { code, reason } = (await response.json()) as { code?: unknown; reason?: unknown };
    if (typeof code === "number") return { code, reason: typeof reason === "string" ? reason : "" };
  } catch {
    // A 410 of somebody else's.
  }
  return ABNORMAL;
}

/** What an upload needs of the world. */
export interface UploadWorld {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly request: Request;
}

/** What an upload tells its lane. */
export interface UploadEvents {
  /** `isReady` may have become true. */
  writable(): void;
  /** The first request has been answered. */
  answered(): void;
  lost(end: LaneEnd): void;
}

/** Sends the octets of one lane. */
export class HttpUpload {
  readonly #url: string;
  readonly #world: UploadWorld;
  readonly #events: UploadEvents;
  readonly #abort = new AbortController();
  #waiting: Uint8Array<ArrayBuffer>[] = [];
  #waitingBytes = 0;
  #offset = 0;
  #underWay = 0;
  #maxBytes = MAX_BODY_BYTES;
  #openAt = Number.NEGATIVE_INFINITY;
  #roundTrip = 0;
  #timer: number | null = null;
  #flushing = false;
  #over = false;

  /** @param url the carrier's own address. */
  constructor(url: string, world: UploadWorld, events: UploadEvents) {
    this.#url = url;
    this.#world = world;
    this.#events = events;
  }

  /** Ask whether the gateway is there, with a request that brings nothing. */
  knock(): void {
    void this.#post(new Uint8Array(0));
  }

  /** Whether what is written now would leave at once. */
  get isReady(): boolean {
    return this.#isOpen && this.#waitingBytes < this.#maxBytes;
  }

  /** Take one message, while `isReady`. */
  write(message: Uint8Array<ArrayBuffer>): void {
    this.#waiting.push(lengthOf(message), message);
    this.#waitingBytes += message.length + 4;
    this.#flushSoon();
  }

  /** Send what is left, close the lane at the gateway, and be silent. The page may be gone before the answer comes. */
  close(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopTimer();
    const rest = this.#waitingBytes > 0 && this.#waitingBytes <= this.#maxBytes ? this.#take() : null;
    const last = { ...this.#init(rest ?? new Uint8Array(0)), keepalive: true };
    const { request } = this.#world;
    const end = (): Promise<unknown> => request(`${this.#url}/end/${code}`, { ...last, body: null });
    const done = [rest === null ? end() : request(`${this.#url}/up/${this.#offset - rest.length}`, last)];
    // Of a page that goes away nothing follows an answer; a lane that gives way to a better one must not lose its last words.
    if (rest !== null) done.push(code < FIRST_CLOSE_CODE ? (done[0] as Promise<unknown>).then(end) : end());
    void Promise.allSettled(done).then(() => this.#abort.abort());
  }

  /** The lane is lost: send nothing more. */
  abort(): void {
    this.#over = true;
    this.#stopTimer();
    this.#abort.abort();
  }

  get #isOpen(): boolean {
    return this.#underWay < MAX_UNDER_WAY && this.#world.clock.monotonic() >= this.#openAt;
  }

  /** Let all that is written in this turn travel together. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#over || this.#waitingBytes === 0 || !this.#isOpen) return;
    void this.#post(this.#take());
    this.#waitForOpening();
  }

  /** What waits, as much as a request may have. */
  #take(): Uint8Array<ArrayBuffer> {
    const body = new Uint8Array(Math.min(this.#waitingBytes, this.#maxBytes));
    let at = 0;
    while (at < body.length) {
      const piece = this.#waiting.shift() as Uint8Array<ArrayBuffer>;
      const fitting = piece.subarray(0, body.length - at);
      body.set(fitting, at);
      at += fitting.length;
      if (fitting.length < piece.length) this.#waiting.unshift(piece.subarray(fitting.length));
    }
    this.#waitingBytes -= body.length;
    this.#offset += body.length;
    return body;
  }

  #waitForOpening(): void {
    if (this.#timer !== null || this.#over || this.#underWay >= MAX_UNDER_WAY) return;
    const delay = seconds(Math.max(0, this.#openAt - this.#world.clock.monotonic()));
    this.#timer = this.#world.timers.start(() => {
      this.#timer = null;
      this.#open();
    }, delay);
  }

  /** A request may leave: let the session fill it. */
  #open(): void {
    if (this.#over || !this.#isOpen) {
      this.#waitForOpening();
      return;
    }
    if (this.#waitingBytes > 0) this.#flushSoon();
    if (this.isReady) this.#events.writable();
  }

  async #post(body: Uint8Array<ArrayBuffer>): Promise<void> {
    const { clock } = this.#world;
    const began = clock.monotonic();
    const gap = Math.max(LEAST_GAP, Math.min(this.#roundTrip / 2, LONGEST_GAP));
    // One that only knocks takes nobody's turn.
    if (body.length > 0) this.#openAt = began + gap;
    this.#underWay += 1;
    try {
      await this.#deliver(this.#offset - body.length, body);
    } catch (error) {
      if (this.#over) return;
      this.abort();
      this.#events.lost(error instanceof RequestError ? error.end : ABNORMAL);
      return;
    }
    const sample = clock.monotonic() - began;
    this.#roundTrip =
      this.#roundTrip === 0 ? sample : ROUND_TRIP_MEMORY * this.#roundTrip + (1 - ROUND_TRIP_MEMORY) * sample;
    this.#underWay -= 1;
    if (this.#over) return;
    this.#events.answered();
    this.#open();
  }

  /** Bring octets to the gateway, in smaller pieces if a proxy wants that. */
  async #deliver(offset: number, body: Uint8Array<ArrayBuffer>): Promise<void> {
    if (body.length > this.#maxBytes) {
      for (let at = 0; at < body.length; at += this.#maxBytes) {
        await this.#deliver(offset + at, body.subarray(at, at + this.#maxBytes));
      }
      return;
    }
    const response = await this.#ask(`${this.#url}/up/${offset}`, body);
    if (response.ok) return;
    if (response.status !== 413 || body.length <= MIN_BODY_BYTES) throw new RequestError(await endOf(response));
    // Another request may have been refused meanwhile.
    if (body.length <= this.#maxBytes) this.#maxBytes = Math.max(MIN_BODY_BYTES, Math.floor(body.length / 2));
    await this.#deliver(offset, body);
  }

  /** One request, repeated once where that may help: the gateway ignores what it has taken already. */
  async #ask(url: string, body: Uint8Array<ArrayBuffer>): Promise<Response> {
    const first = await this.#try(url, body);
    if (first !== null && first.status !== 408 && first.status < 500) return first;
    await new Promise<void>((resolve) => this.#world.timers.start(resolve, RETRY_DELAY));
    if (this.#over) throw new RequestError(ABNORMAL);
    const second = await this.#try(url, body);
    if (second === null) throw new RequestError(ABNORMAL);
    return second;
  }

  async #try(url: string, body: Uint8Array<ArrayBuffer>): Promise<Response | null> {
    const attempt = new AbortController();
    const stop = (): void => attempt.abort();
    const timer = this.#world.timers.start(stop, REQUEST_TIMEOUT);
    this.#abort.signal.addEventListener("abort", stop);
    try {
      return await this.#world.request(url, { ...this.#init(body), signal: attempt.signal });
    } catch {
      return null;
    } finally {
      this.#world.timers.cancel(timer);
      this.#abort.signal.removeEventListener("abort", stop);
    }
  }

  #init(body: Uint8Array<ArrayBuffer>): RequestInit {
    return { method: "POST", body, cache: "no-store", headers: { "Content-Type": contentType(this.#url) } };
  }

  #stopTimer(): void {
    if (this.#timer !== null) this.#world.timers.cancel(this.#timer);
    this.#timer = null;
  }
}

/** To another origin only "simple" requests go without a preflight, which would double every one of ours. */
function contentType(url: string): string {
  return new URL(url).origin === globalThis.origin ? "application/octet-stream" : "text/plain";
}
