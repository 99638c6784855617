/** The tunnel's worker: connects the real browser to the transport. */

export {};
