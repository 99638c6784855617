/**
 * Pulls raw pictures or sound blocks out of one stream at a time. Sources change while a call goes on, sometimes faster than
 * a stream can be cancelled or the last picture taken; the newest wins, and two are never taken from at a time. Used by the
 * encode worker's tracks. Queues: none, the next is read when the one before was taken.
 */

/** Reads until it is told to read something else. */
export class SourceReader<Data extends { close(): void }> {
  readonly #take: (data: Data) => void | Promise<void>;
  readonly #failed: (detail: string) => void;
  #reader: ReadableStreamDefaultReader<Data> | null = null;
  /** Counts calls of `read`; whoever is not the latest has nothing to say any more. */
  #turn = 0;
  /** What is being taken; whoever takes may still be opening its encoder when another source comes. */
  #taking: Promise<void> = Promise.resolve();

  /**
   * @param take uses what was read; it is closed afterwards.
   * @param failed hears what `take` threw; reading goes on.
   */
  constructor(take: (data: Data) => void | Promise<void>, failed: (detail: string) => void) {
    this.#take = take;
    this.#failed = failed;
  }

  /** Read from here from now on; null: from nowhere. Returns when the source has ended or was replaced. */
  async read(source: ReadableStream<Data> | null): Promise<void> {
    this.#turn += 1;
    const turn = this.#turn;
    const previous = this.#reader;
    this.#reader = null;
    await previous?.cancel().catch(() => undefined);
    await this.#taking;
    if (turn !== this.#turn) {
      await source?.cancel().catch(() => undefined);
      return;
    }
    if (source === null) return;
    const reader = source.getReader();
    this.#reader = reader;
    for (;;) {
      const { done, value } = await reader.read().catch(() => ({ done: true as const, value: undefined }));
      if (done) return;
      this.#taking = this.#use(value, turn);
      await this.#taking;
    }
  }

  async #use(data: Data, turn: number): Promise<void> {
    try {
      if (turn === this.#turn) await this.#take(data);
    } catch (error) {
      this.#failed(String(error));
    } finally {
      data.close();
    }
  }
}
