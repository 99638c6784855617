/** Requests to the gateway's native WebRTC routes: bearer token in a header, errors as problem details (RFC 9457). */

/** Why a request failed; `status` is 0 when the server could not be reached at all. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }

  /** Whether it makes sense to try the same again later. */
  get passing(): boolean {
    return this.status === 0 || this.status >= 500 || this.status === 429;
  }
}

/** Where the gateway is and who we are to it. */
export interface Gateway {
  /** Base address, ends with a slash. */
  readonly url: string;
  readonly token: string | null;
}

/**
 * Send a request.
 *
 * @param path relative to the gateway's base address.
 * @throws HttpError for every answer that is not 2xx, and when there is none.
 */
export async function request(gateway: Gateway, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (gateway.token !== null) headers.set("Authorization", `Bearer ${gateway.token}`);
  let response: Response;
  try {
    response = await fetch(new URL(path, gateway.url), { ...init, headers });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new HttpError(0, "");
  }
  if (!response.ok) throw new HttpError(response.status, await detailOf(response));
  return response;
}

async function detailOf(response: Response): Promise<string> {
  try {
    const problem: unknown = await response.json();
    const detail = (problem as { detail?: unknown } | null)?.detail;
    return typeof detail === "string" ? detail : "";
  } catch {
    return "";
  }
}
