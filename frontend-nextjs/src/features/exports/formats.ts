/** The formats a meeting may be taken away in, by what they are for. */
import type { ExportFormat } from "@/lib/api/exports";

export const FORMATS = {
  read: ["pdf", "docx", "md", "txt"],
  subtitles: ["srt", "vtt"],
  programs: ["json", "whisperx", "csv", "rttm"],
} as const satisfies Record<string, readonly ExportFormat[]>;

export type FormatGroup = keyof typeof FORMATS;
export const GROUPS = Object.keys(FORMATS) as FormatGroup[];
