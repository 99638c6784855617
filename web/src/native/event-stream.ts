/**
 * Reads server-sent events (WHATWG HTML §9.2) from a streamed response. EventSource cannot send an Authorization header,
 * so the stream is read by fetch.
 */

/** One event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

/** Most characters of one unfinished event; a server that sends more is not ours. */
const LONGEST_EVENT = 1_000_000;

/** Cuts text into events, however it was cut into pieces on the way. */
export class EventStreamParser {
  #rest = "";

  /** @throws RangeError when an event does not end. */
  push(text: string): ServerEvent[] {
    this.#rest = (this.#rest + text).replaceAll("\r\n", "\n");
    const events: ServerEvent[] = [];
    for (;;) {
      const end = this.#rest.indexOf("\n\n");
      if (end < 0) break;
      const event = parse(this.#rest.slice(0, end));
      if (event !== null) events.push(event);
      this.#rest = this.#rest.slice(end + 2);
    }
    if (this.#rest.length > LONGEST_EVENT) throw new RangeError("the event stream sends an event without an end");
    return events;
  }
}

function parse(block: string): ServerEvent | null {
  let event = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") event = value;
    else if (field === "data") data.push(value);
  }
  return data.length === 0 ? null : { event, data: data.join("\n") };
}

/** The events of a response, until it ends. */
export async function* eventsOf(response: Response): AsyncGenerator<ServerEvent> {
  if (response.body === null) return;
  const parser = new EventStreamParser();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
