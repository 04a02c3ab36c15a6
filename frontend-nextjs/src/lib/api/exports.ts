/** Exports: a meeting as a file. */
import { ApiError, asProblem, UNREACHABLE } from "./client";
import type { Language } from "@/lib/format";

/** Of `GET exports/{format}`; STM and CTM are there, too, for those who measure. */
export type ExportFormat = "pdf" | "docx" | "md" | "txt" | "srt" | "vtt" | "json" | "whisperx" | "rttm" | "csv";

export interface ExportedFile {
  blob: Blob;
  fileName: string;
}

interface Wish {
  meetingId: string;
  format: ExportFormat;
  /** Of headings and notes. */
  language: Language;
}

export function exportAddress({ meetingId, format, language }: Wish): string {
  return `/api/v1/meetings/${meetingId}/exports/${format}?language=${language}`;
}

/** Not through `api`, which would read a file as JSON or text. Throws `ApiError`. */
export async function fetchExport(wish: Wish): Promise<ExportedFile> {
  const response = await fetch(exportAddress(wish), { credentials: "same-origin" }).catch(() => {
    throw new ApiError({ status: 0, code: UNREACHABLE, detail: "" });
  });
  if (!response.ok) throw new ApiError(asProblem(await response.json().catch(() => null), response));
  const fileName = nameIn(response.headers.get("Content-Disposition")) ?? `transcript.${wish.format}`;
  return { blob: await response.blob(), fileName };
}

/** The name in a `Content-Disposition`: `filename*` in full, else `filename`. */
export function nameIn(header: string | null): string | null {
  const full = header?.match(/filename\*=UTF-8''([^;]+)/i)?.[1];
  if (full) {
    try {
      return decodeURIComponent(full);
    } catch {
      // what cannot be read is as if it were not there
    }
  }
  return header?.match(/filename="([^"]+)"/i)?.[1] ?? null;
}
