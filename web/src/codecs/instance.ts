/**
 * One instance of a module: its own memory, which nothing else shares, and the few calls of an operating system (WASI) that
 * C's library wants. Works in windows, workers, worklets and Node; so nothing here asks for more than JavaScript has.
 */

import { CodecError, CodecUnavailable } from "./codec-error.ts";

/** Results below zero, as web/wasm/h264/results.h and web/wasm/opus/codec.c name them. */
const REASONS: Readonly<Record<number, string>> = {
  [-1]: "an argument is out of range",
  [-2]: "it is not open",
  [-3]: "there is no memory left",
  [-4]: "the data or the settings are refused",
  [-5]: "a keyframe is needed",
};

type Functions<Name extends string> = Readonly<Record<Name, (...numbers: number[]) => number>>;

/** WASI's error "bad file descriptor": there are no files. */
const BAD_FILE = 8;
const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

/** An instance with the exported functions `Name`. */
export class Instance<Name extends string> {
  readonly #memory: WebAssembly.Memory;
  readonly #functions: Functions<Name>;

  /**
   * @param names the functions that are going to be called.
   * @throws CodecUnavailable: it is another module, or memory cannot be had.
   */
  constructor(module: WebAssembly.Module, names: readonly Name[]) {
    let memory: WebAssembly.Memory | null = null;
    const view = () => new DataView((memory as WebAssembly.Memory).buffer);
    const system = {
      clock_time_get: (_clock: number, _precision: bigint, to: number) => {
        view().setBigUint64(to, BigInt(Math.floor(Date.now())) * NANOSECONDS_PER_MILLISECOND, true);
        return 0;
      },
      fd_write: (_file: number, vectors: number, count: number, written: number) => {
        let octets = 0;
        for (let i = 0; i < count; i += 1) octets += view().getUint32(vectors + 8 * i + 4, true);
        view().setUint32(written, octets, true);
        return 0;
      },
      fd_close: () => BAD_FILE,
      fd_seek: () => BAD_FILE,
      proc_exit: (code: number) => {
        throw new Error(`it gave up with ${code}`);
      },
    };
    let exports: WebAssembly.Exports;
    try {
      exports = new WebAssembly.Instance(module, { wasi_snapshot_preview1: system }).exports;
    } catch (error) {
      throw new CodecUnavailable(`the module cannot be started: ${String(error)}`, { cause: error });
    }
    const missing = ["memory", "_initialize", ...names].filter((name) => !(name in exports));
    // Most likely one that was built before this code was written.
    if (missing.length > 0) throw new CodecUnavailable(`the module has no ${missing.join(", ")}: make wasm builds it`);
    memory = exports.memory as WebAssembly.Memory;
    this.#memory = memory;
    this.#functions = exports as Functions<Name>;
    try {
      (exports._initialize as () => void)();
    } catch (error) {
      throw new CodecUnavailable(`the module cannot be started: ${String(error)}`, { cause: error });
    }
  }

  /**
   * Call a function that gives 0 or more, or one of the errors.
   *
   * @throws CodecError: it gave an error, or trapped or gave up (this instance is not to be used any more then; the error
   *   has a cause).
   */
  call(doing: string, name: Name, ...numbers: number[]): number {
    const result = this.#try(doing, name, numbers);
    if (result < 0) throw new CodecError(`${doing}: ${REASONS[result] ?? `error ${result}`}`);
    return result;
  }

  /**
   * Call a function that gives an address, or 0 where there is none.
   *
   * @throws CodecError: it gave 0.
   */
  address(doing: string, name: Name, ...numbers: number[]): number {
    // An address above 2 GiB would come as a negative number.
    const address = this.#try(doing, name, numbers) >>> 0;
    if (address === 0) throw new CodecError(`${doing}: there is no room`);
    return address;
  }

  /** Octets of its memory; valid until the next call, which may move the memory. */
  octets(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer as ArrayBuffer, address, length);
  }

  /** Numbers of 32 bits in its memory; valid until the next call. */
  integers(address: number, length: number): Int32Array<ArrayBuffer> {
    return new Int32Array(this.#memory.buffer as ArrayBuffer, address, length);
  }

  /** Samples in its memory; valid until the next call. */
  samples(address: number, length: number): Float32Array<ArrayBuffer> {
    return new Float32Array(this.#memory.buffer as ArrayBuffer, address, length);
  }

  #try(doing: string, name: Name, numbers: number[]): number {
    try {
      return this.#functions[name](...numbers);
    } catch (error) {
      throw new CodecError(`${doing}: the codec broke (${String(error)})`, { cause: error });
    }
  }
}
