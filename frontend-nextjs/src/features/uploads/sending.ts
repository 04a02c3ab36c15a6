/** Sends one upload's bytes with tus, once: from where the service has it to the end, or to the first thing that goes wrong. */
import type { DetailedError, HttpResponse, Upload } from "tus-js-client";
import { csrfHeader } from "@/lib/api/client";
import { UPLOADS } from "@/lib/api/uploads";

/** Under what proxies in front of a service let through (Next's own, in development: 10 MiB). */
const CHUNK_BYTES = 8 << 20;

export interface Parcel {
  file: Blob;
  metadata: Record<string, string>;
  /** Where it was begun; null: not yet. */
  url: string | null;
}

export interface Refusal {
  /** 0: no answer. */
  status: number;
  code: string;
  detail: string;
  retryAfterS: number | null;
}

export const UNANSWERED: Refusal = { status: 0, code: "", detail: "", retryAfterS: null };

export interface Listener {
  onBegun: (url: string) => void;
  onProgress: (sentBytes: number) => void;
  /** `meetingId` null: all bytes are there, the meeting is being made. */
  onSent: (meetingId: string | null, isDuplicate: boolean) => void;
  onRefused: (refusal: Refusal) => void;
}

/** Answers with what stops it; nothing is told afterwards. */
export function send(parcel: Parcel, listener: Listener): () => void {
  let isStopped = false;
  let upload: Upload | null = null;
  const unlessStopped = <Args extends unknown[]>(tell: (...args: Args) => void) => (...args: Args) => {
    if (!isStopped) tell(...args);
  };
  const begin = async () => {
    const tus = await import("tus-js-client");
    if (isStopped) return;
    upload = new tus.Upload(parcel.file, {
      // Never both: with an endpoint, tus begins anew wherever the service is away for a moment.
      ...(parcel.url ? { uploadUrl: new URL(parcel.url, window.location.href).href, endpoint: null } : { endpoint: new URL(UPLOADS, window.location.href).href }),
      metadata: parcel.metadata,
      chunkSize: CHUNK_BYTES,
      retryDelays: null,
      storeFingerprintForResuming: false,
      onBeforeRequest: (request) => {
        if (isStopped) throw new Error("stopped"); // tus forgets an abort that comes before its first request
        Object.entries(csrfHeader()).forEach(([name, value]) => request.setHeader(name, value));
      },
      onUploadUrlAvailable: unlessStopped(() => {
        if (upload?.url) listener.onBegun(new URL(upload.url).pathname);
      }),
      onProgress: unlessStopped((sentBytes: number) => listener.onProgress(sentBytes)),
      onSuccess: unlessStopped(({ lastResponse }: { lastResponse: HttpResponse }) =>
        listener.onSent(lastResponse.getHeader("Scribe-Meeting") ?? null, lastResponse.getHeader("Scribe-Duplicate") === "true"),
      ),
      onError: unlessStopped((error: Error | DetailedError) => listener.onRefused(refusalOf(error))),
    });
    upload.start();
  };
  begin().catch(unlessStopped(() => listener.onRefused(UNANSWERED))); // tus itself could not be loaded
  return () => {
    isStopped = true;
    void upload?.abort();
  };
}

/** Gives up what lies at the service. It goes by itself after some days where this does not arrive. */
export async function terminate(url: string): Promise<void> {
  const tus = await import("tus-js-client");
  await tus.Upload.terminate(new URL(url, window.location.href).href, { headers: csrfHeader(), retryDelays: null } as ConstructorParameters<typeof Upload>[1]).catch(() => undefined);
}

function refusalOf(error: Error | DetailedError): Refusal {
  const response: HttpResponse | null = "originalResponse" in error ? error.originalResponse : null;
  if (!response) return UNANSWERED;
  const status = response.getStatus();
  const retryAfter = Number(response.getHeader("Retry-After"));
  const told = problemIn(response.getBody());
  return { status, code: told.code ?? `http.${status}`, detail: told.detail ?? "", retryAfterS: retryAfter > 0 ? retryAfter : null };
}

function problemIn(body: string): { code?: string; detail?: string } {
  try {
    return JSON.parse(body) as { code?: string; detail?: string };
  } catch {
    return {};
  }
}

