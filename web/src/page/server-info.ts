/** What the server tells about itself before anybody joins: `GET /v1/config`. */

/** What the lobby needs of it. */
export interface ServerInfo {
  /** Whether native WebRTC calls are possible: only in rooms of the embedded SFU. */
  readonly nativeMode: boolean;
  readonly tokenRequired: boolean;
  /** The server's; null if it does not say. */
  readonly version: string | null;
}

/** Ask; null when the server does not answer sensibly, which joining will explain better. */
export async function askServer(url: string): Promise<ServerInfo | null> {
  try {
    const response = await fetch(new URL("v1/config", url), { cache: "no-store" });
    return response.ok ? serverInfoOf(await response.json()) : null;
  } catch {
    return null;
  }
}

/** Read the answer; what is missing is taken as the more permissive. */
export function serverInfoOf(body: unknown): ServerInfo | null {
  if (typeof body !== "object" || body === null) return null;
  const { native_mode: nativeMode, token_required: tokenRequired, version } = body as Record<string, unknown>;
  return {
    nativeMode: nativeMode !== false,
    tokenRequired: tokenRequired === true,
    version: typeof version === "string" ? version : null,
  };
}
